import { targetsOf } from "../../domain/flag/diff-flags.ts";
import { exposureOf, type VariationShare } from "../../domain/flag/exposure.ts";
import { faultsOf } from "../../domain/flag/faults-of.ts";
import { type Flag, sameBehaviour, type Segment, variationNamed } from "../../domain/flag/flag.ts";
import { servedBy } from "../../domain/flag/served-by.ts";

export interface Reach {
  /** Variations that more users get, by id. */
  gained: string[];
  gainedNames: string[];
  /** Of variations that somebody got before and nobody gets now. */
  goneNames: string[];
  /** Upper bound, 0..100; null where it cannot be known. */
  movedPercent: number | null;
  targetsMoved: number;
}

const unknownReach: Reach = {
  gained: [],
  gainedNames: [],
  goneNames: [],
  movedPercent: null,
  targetsMoved: 0,
};

/** Who got something else when a flag went from one state to the other. Null: the flag did not exist. */
export function reachOf(before: Flag | null, after: Flag | null, segments: readonly Segment[]): Reach {
  if (after === null || faultsOf(after).length > 0) return unknownReach;
  if (before === null) return reachOfNew(after);
  if (faultsOf(before).length > 0) return unknownReach;
  const exposure = exposureOf(before, after, segments);
  const gained = new Set<string>();
  for (const { variationId, beforePercent, afterPercent } of exposure.byVariation) {
    if (afterPercent > beforePercent) gained.add(variationId);
  }
  for (const rule of exposure.rules) {
    for (const { variationId, percent } of rule.after ?? []) {
      if (percent > shareIn(rule.before, variationId)) gained.add(variationId);
    }
  }
  const [old, now] = [targetsOf(before), targetsOf(after)];
  for (const [key, variationId] of now) if (old.get(key) !== variationId) gained.add(variationId);
  const still = servedBy(after);
  const gone = [...servedBy(before)].filter((id) => !still.has(id));
  return {
    ...withNames(after, {
      gained: [...gained],
      movedPercent: exposure.maxMovedPercent,
      targetsMoved: exposure.targetsMoved,
    }),
    goneNames: namesOf(before, gone),
  };
}

/**
 * False once nothing of the change is left: the flag is gone, behaves again as before, or serves none of the
 * gained variations more widely than before.
 */
export function isInEffect(
  change: { before: Flag | null; gained: readonly string[] },
  current: Flag | null,
  segments: readonly Segment[],
): boolean {
  const { before, gained } = change;
  if (current === null || current.isArchived) return false;
  if (before === null) return true;
  if (sameBehaviour({ ...before, key: current.key }, current)) return false;
  if (gained.length === 0 || faultsOf(before).length > 0 || faultsOf(current).length > 0) return true;
  const still = new Set(reachOf(before, current, segments).gained);
  return gained.some((id) => still.has(id));
}

function reachOfNew(flag: Flag): Reach {
  return withNames(flag, { gained: [...servedBy(flag)], movedPercent: 100, targetsMoved: 0 });
}

/** A reach with the names and values by which series may call the gained variations. */
export function withNames(flag: Flag, reach: Omit<Reach, "gainedNames" | "goneNames">): Reach {
  return { ...reach, gainedNames: namesOf(flag, reach.gained), goneNames: [] };
}

function namesOf(flag: Flag, ids: readonly string[]): string[] {
  const names = ids.flatMap((id) => {
    const variation = variationNamed(flag, id);
    return variation === undefined ? [] : [variation.name, variation.value];
  });
  return [...new Set(names)].filter((name) => name !== "" && name.length <= 200);
}

function shareIn(shares: readonly VariationShare[] | null, variationId: string): number {
  return shares?.find((share) => share.variationId === variationId)?.percent ?? 0;
}
