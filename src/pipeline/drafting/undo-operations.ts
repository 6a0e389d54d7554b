import { targetsOf } from "../../domain/flag/diff-flags.ts";
import type { Flag, Segment } from "../../domain/flag/flag.ts";
import type { Share, DraftedOperation } from "../../domain/flag/operation.ts";
import { percentsOf, type Spread } from "../../domain/flag/rollout.ts";

/**
 * Operations on the flag as it is `now` that take back, piece by piece, what led from `before` to `after`.
 * Whether one of them alone brings back the whole state only `compile` can tell.
 */
export function undoOperations(before: Flag, after: Flag, now: Flag): DraftedOperation[] {
  const operations: DraftedOperation[] = [];
  if (before.isEnabled !== after.isEnabled && now.isEnabled === after.isEnabled) {
    operations.push({ tool: before.isEnabled ? "flag.turn_on" : "flag.turn_off" });
  }
  if (before.disabledVariationId !== after.disabledVariationId) {
    operations.push({ tool: "flag.set_off_variation", variationId: before.disabledVariationId });
  }
  if (spreadsDiffer(before.fallthrough, after.fallthrough)) {
    operations.push(spreadLike(before.fallthrough, null));
  }
  for (const rule of after.rules) {
    if (!now.rules.some(({ id }) => id === rule.id)) continue;
    const old = before.rules.find(({ id }) => id === rule.id);
    // A rule that is new gives its users what they would have had without it.
    if (old === undefined) operations.push(spreadLike(before.fallthrough, rule.id));
    else if (spreadsDiffer(old, rule)) operations.push(spreadLike(old, rule.id));
  }
  return [...operations, ...targetOperations(before, after)];
}

export interface Containment {
  /** A variation that more users get since the suspected change. */
  gained: string;
  /** What its users get instead. */
  instead: string;
  internal: Segment | null;
}

/** Operations that keep a variation away from users without caring how it came to them. */
export function containOperations({ gained, instead, internal }: Containment, now: Flag): DraftedOperation[] {
  const shares = percentsOf(now.fallthrough.variations);
  const operations: DraftedOperation[] = [];
  if (internal !== null) {
    operations.push({
      tool: "flag.limit_to_segment",
      segmentId: internal.id,
      segmentName: internal.name,
      variationId: gained,
      otherwiseVariationId: instead,
    });
  }
  const share = shares.get(gained);
  if (share !== undefined) {
    const others = new Map([...shares].filter(([id]) => id !== gained));
    others.set(instead, (others.get(instead) ?? 0) + share);
    operations.push(asOperation(others, null));
  }
  for (const rule of now.rules) {
    if (!percentsOf(rule.variations).has(gained)) continue;
    operations.push({ tool: "flag.serve_variation", rule: rule.id, variationId: instead });
  }
  if (now.isEnabled && now.disabledVariationId !== gained) operations.push({ tool: "flag.turn_off" });
  return operations;
}

/** What users of a gained variation got before: the largest other share of the default rule, else the off variation. */
export function insteadOf(gained: string, before: Flag | null, now: Flag): string | null {
  const known = new Set(now.variations.map(({ id }) => id));
  const sources = [before, now].filter((flag) => flag !== null);
  for (const flag of sources) {
    const [largest] = [...percentsOf(flag.fallthrough.variations)]
      .filter(([id]) => id !== gained && known.has(id))
      .toSorted(([, a], [, b]) => b - a);
    if (largest !== undefined && flag.isEnabled) return largest[0];
  }
  return now.disabledVariationId === gained ? null : now.disabledVariationId;
}

function spreadLike(spread: Spread, rule: string | null): DraftedOperation {
  return asOperation(percentsOf(spread.variations), rule);
}

function asOperation(shares: ReadonlyMap<string, number>, rule: string | null): DraftedOperation {
  const whole = [...shares].find(([, percent]) => percent >= 100);
  if (whole !== undefined) return { tool: "flag.serve_variation", rule, variationId: whole[0] };
  const list: Share[] = [...shares].map(([variationId, percent]) => ({
    variationId,
    percent: Math.round(percent * 1000) / 1000,
  }));
  return { tool: "flag.set_rollout", rule, shares: list };
}

function spreadsDiffer(a: Spread, b: Spread): boolean {
  const [x, y] = [percentsOf(a.variations), percentsOf(b.variations)];
  return x.size !== y.size || [...x].some(([id, percent]) => y.get(id) !== percent);
}

function targetOperations(before: Flag, after: Flag): DraftedOperation[] {
  const [old, now] = [targetsOf(before), targetsOf(after)];
  const moved = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  const groups = new Map<
    string,
    { tool: "flag.add_targets" | "flag.remove_targets"; id: string; keys: string[] }
  >();
  for (const key of moved) {
    const had = old.get(key);
    const id = had ?? now.get(key);
    if (id === undefined) continue;
    const tool = had === undefined ? "flag.remove_targets" : "flag.add_targets";
    const group = groups.get(`${tool} ${id}`) ?? { tool, id, keys: [] };
    groups.set(`${tool} ${id}`, group);
    group.keys.push(key);
  }
  return [...groups.values()]
    .filter(({ keys }) => keys.length <= 1000 && keys.every((key) => key.length > 0 && key.length <= 512))
    .map(({ tool, id, keys }) => ({ tool, variationId: id, userKeys: keys }));
}
