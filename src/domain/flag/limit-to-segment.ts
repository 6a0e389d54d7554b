import type { FlagCall } from "./call.ts";
import { derivedId } from "./derived-id.ts";
import { type Flag, IN_SEGMENT, type Rule, type Segment, targetingOf } from "./flag.ts";
import type { ToolOperationOf } from "./operation.ts";
import { plainName } from "./plain-text.ts";
import { type Refused, refused, unknownVariation } from "./refused.ts";
import { reslice } from "./reslice.ts";
import { percentsOf, type Spread, wholeSlice } from "./rollout.ts";

type Limit = ToolOperationOf<"flag.limit_to_segment">;

/**
 * "Internal only": a new first rule serves the variation to the segment, and wherever another rule or
 * the default rule serves it, its share goes to the other variation. Individual targets stay.
 */
export function limitToSegment(
  operation: Limit,
  flag: Flag,
  segments: readonly Segment[],
): FlagCall | Refused {
  const { segmentId, segmentName, variationId, otherwiseVariationId } = operation;
  const unknown = unknownVariation(flag, variationId) ?? unknownVariation(flag, otherwiseVariationId);
  if (unknown !== null) return unknown;
  const segment = segments.find(({ id }) => id === segmentId);
  if (segment === undefined || segment.name !== segmentName) {
    return refused(
      "unknown_segment",
      `There is no segment "${plainName(segmentName)}" with the id ${plainName(segmentId)}; read the segments again.`,
    );
  }
  if (variationId === otherwiseVariationId) {
    return refused(
      "invalid_arguments",
      "The segment and everyone else would get the same variation; name two.",
    );
  }
  const served = [...flag.rules, flag.fallthrough].some(({ variations }) =>
    percentsOf(variations).has(variationId),
  );
  if (!served) {
    return refused(
      "no_effect",
      "Neither a rule nor the default rule serves this variation: there is nothing to limit.",
    );
  }

  const targeting = targetingOf(flag);
  const fallthrough = withoutShare(targeting.fallthrough, operation, flag);
  if ("kind" in fallthrough) return fallthrough;
  const rules: Rule[] = [];
  for (const rule of targeting.rules) {
    const moved = withoutShare(rule, operation, flag);
    if ("kind" in moved) return moved;
    rules.push(moved);
  }
  return {
    call: "targeting",
    targeting: { ...targeting, rules: [segmentRule(operation, flag), ...rules], fallthrough },
  };
}

/** The same spread with the limited variation's share given to the other one. */
function withoutShare<S extends Spread>(
  spread: S,
  { variationId, otherwiseVariationId }: Limit,
  flag: Flag,
): S | Refused {
  const percents = percentsOf(spread.variations);
  const share = percents.get(variationId);
  if (share === undefined) return spread;
  percents.set(otherwiseVariationId, (percents.get(otherwiseVariationId) ?? 0) + share);
  percents.delete(variationId);
  const wanted = new Map([...percents].map(([id, percent]) => [id, Math.round(percent * 1000)]));
  const variations = reslice(wanted, spread, flag);
  return Array.isArray(variations) ? { ...spread, variations } : variations;
}

/** Its ids follow from what it is made from, so that compiling twice gives the same plan and digest. */
function segmentRule(operation: Limit, flag: Flag): Rule {
  const { segmentId, segmentName, variationId } = operation;
  return {
    id: derivedId("rule", flag, operation),
    name: `Limited to ${plainName(segmentName)}`,
    dispatchKey: null,
    includedInExpt: false,
    conditions: [
      {
        id: derivedId("condition", flag, operation),
        property: IN_SEGMENT,
        op: "",
        value: JSON.stringify([segmentId]),
      },
    ],
    variations: [wholeSlice(variationId)],
  };
}
