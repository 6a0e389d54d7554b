import { type Flag, isSegmentCondition, listOf, type RolloutVariation, type Rule } from "./flag.ts";
import { OPERATOR_WORDS } from "./match-condition.ts";
import { plainName } from "./plain-text.ts";

/** Slice ends further apart than this leave users without a variation; less is floating-point noise. */
const TOLERANCE = 1e-9;

/**
 * What is wrong with a flag, one plain sentence each; empty when it can be built on. FeatBit validates
 * nothing in targeting, so these are the invariants that a client has to keep.
 */
export function faultsOf(flag: Flag): string[] {
  const known = new Set(flag.variations.map((variation) => variation.id));
  return [
    ...duplicates(flag.variations.map((variation) => variation.id)).map(
      (id) => `two variations have the id ${plainName(id)}`,
    ),
    ...(known.has(flag.disabledVariationId) ? [] : ["the off variation does not exist"]),
    ...targetFaults(flag, known),
    ...duplicates(flag.rules.map((rule) => rule.id)).map((id) => `two rules have the id ${plainName(id)}`),
    ...duplicates(flag.rules.flatMap((rule) => rule.conditions.map((condition) => condition.id))).map(
      (id) => `two conditions have the id ${plainName(id)}`,
    ),
    ...flag.rules.flatMap((rule) => ruleFaults(rule, known)),
    ...sliceFaults("the default rule", flag.fallthrough.variations, known),
  ];
}

function targetFaults(flag: Flag, known: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  const variationOf = new Map<string, string>();
  for (const { keyIds, variationId } of flag.targetUsers) {
    if (!known.has(variationId)) faults.push("individual targets name a variation that does not exist");
    for (const key of new Set(keyIds)) {
      const other = variationOf.get(key);
      if (other !== undefined && other !== variationId) {
        faults.push(`user ${plainName(key)} is targeted to two variations`);
      }
      variationOf.set(key, variationId);
    }
  }
  return faults;
}

function ruleFaults(rule: Rule, known: ReadonlySet<string>): string[] {
  const where = `rule "${plainName(rule.name)}"`;
  const conditions = rule.conditions.flatMap((condition) => {
    if (isSegmentCondition(condition)) {
      return (listOf(condition.value) ?? []).length > 0
        ? []
        : [`${where} has a segment condition without segments`];
    }
    return OPERATOR_WORDS.has(condition.op)
      ? []
      : [`${where} uses the unknown operator "${plainName(condition.op)}"`];
  });
  const none = rule.conditions.length === 0 ? [`${where} has no condition and so catches everyone`] : [];
  return [...none, ...conditions, ...sliceFaults(where, rule.variations, known)];
}

function sliceFaults(
  where: string,
  slices: readonly RolloutVariation[],
  known: ReadonlySet<string>,
): string[] {
  const faults = duplicates(slices.map((slice) => slice.id)).map(() => `${where} lists a variation twice`);
  if (slices.some((slice) => !known.has(slice.id))) {
    faults.push(`${where} serves a variation that does not exist`);
  }
  let reached = 0;
  for (const { rollout } of slices) {
    const [start, end] = rollout;
    if (!(Math.abs(start - reached) <= TOLERANCE && end >= start)) {
      return [...faults, `${where} has a rollout with a gap or an overlap`];
    }
    reached = end;
  }
  if (!(Math.abs(reached - 1) <= TOLERANCE)) faults.push(`${where} has a rollout that does not reach 100%`);
  return faults;
}

function duplicates(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))];
}
