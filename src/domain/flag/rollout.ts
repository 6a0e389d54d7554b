import { dispatchProperty } from "./evaluate.ts";
import type { Flag, RolloutVariation } from "./flag.ts";

/** A rule's or the default rule's way of spreading the users it catches. */
export type Spread = { dispatchKey: string | null; variations: readonly RolloutVariation[] };

/** 100 % in thousandths of a percent, FeatBit's finest step. */
export const WHOLE = 100_000;

/** Thousandths of a percent; slice ends are rounded, not widths, so that a full rollout sums to WHOLE. */
function widthOf({ rollout: [start, end] }: RolloutVariation): number {
  return Math.max(0, Math.round(end * WHOLE) - Math.round(start * WHOLE));
}

/** Percent (three decimals) per variation id; variations without a share are left out. */
export function percentsOf(slices: readonly RolloutVariation[]): Map<string, number> {
  const widths = new Map<string, number>();
  for (const slice of slices) widths.set(slice.id, (widths.get(slice.id) ?? 0) + widthOf(slice));
  return new Map(
    [...widths]
      .filter(([, width]) => width > 0)
      .map(([id, width]) => [id, (Math.min(width, WHOLE) * 100) / WHOLE]),
  );
}

export function wholeSlice(variationId: string, exptRollout = 1): RolloutVariation {
  return { id: variationId, rollout: [0, 1], exptRollout };
}

/**
 * Slices for the wanted widths (thousandths of a percent, together WHOLE; what is not named gets 0).
 * Existing slices keep their order, because reordering reshuffles users; new ones go where the flag's
 * own order puts them. One variation alone becomes one slice, otherwise all are listed, as FeatBit's UI does.
 */
export function slicesFor(
  wanted: ReadonlyMap<string, number>,
  existing: readonly RolloutVariation[],
  flag: Flag,
): RolloutVariation[] {
  const exptRollout = new Map(existing.map((slice) => [slice.id, slice.exptRollout]));
  const alone = [...wanted].find(([, width]) => width === WHOLE);
  if (alone !== undefined) return [wholeSlice(alone[0], exptRollout.get(alone[0]))];

  const order = mergedOrder(
    existing.map((slice) => slice.id),
    flag.variations.map((variation) => variation.id),
  );
  const ends = exactEnds(order.map((id) => wanted.get(id) ?? 0));
  return order.map((id, i) => ({
    id,
    rollout: [i === 0 ? 0 : (ends[i - 1] ?? 0), ends[i] ?? 1],
    exptRollout: exptRollout.get(id) ?? 1,
  }));
}

function mergedOrder(existing: readonly string[], flagOrder: readonly string[]): string[] {
  const order = [...existing];
  for (const id of flagOrder) {
    if (order.includes(id)) continue;
    const next = order.findIndex((other) => flagOrder.indexOf(other) > flagOrder.indexOf(id));
    order.splice(next === -1 ? order.length : next, 0, id);
  }
  return order;
}

/**
 * Ends of consecutive slices. FeatBit's UI refuses to save unless the widths add up to exactly 1 in
 * floating point, so an inner end may be nudged by a few last bits, which moves nobody.
 */
function exactEnds(widths: readonly number[]): number[] {
  let sum = 0;
  const ends = widths.map((width) => Math.min((sum += width) / WHOLE, 1));
  const plain = ends.map((end, i) => (widths.slice(i + 1).every((width) => width === 0) ? 1 : end));
  if (widthSum(plain) === 1) return plain;
  const inner = [...new Set(plain)].filter((end) => end > 0 && end < 1);
  for (const end of inner) {
    for (const bits of [1, -1, 2, -2, 3, -3, 4, -4]) {
      const nudged = plain.map((other) => (other === end ? end * (1 + bits * Number.EPSILON) : other));
      if (widthSum(nudged) === 1) return nudged;
    }
  }
  return plain;
}

function widthSum(ends: readonly number[]): number {
  return ends.reduce((sum, end, i) => sum + (end - (i === 0 ? 0 : (ends[i - 1] ?? 0))), 0);
}

/**
 * Share 0..1 of users who get another variation when `to` replaces `from`. Exact while both spread by
 * the same attribute; otherwise the two buckets are unrelated and this is the upper bound.
 */
export function movedShare(from: Spread, to: Spread): number {
  if (dispatchProperty(from.dispatchKey) === dispatchProperty(to.dispatchKey)) {
    let moved = 0;
    for (const a of from.variations) {
      for (const b of to.variations) if (a.id !== b.id) moved += overlap(a.rollout, b.rollout);
    }
    return Math.min(1, moved);
  }
  const after = percentsOf(to.variations);
  const agreeing = [...percentsOf(from.variations)].map(([id, share]) => share + (after.get(id) ?? 0) - 100);
  return 1 - Math.max(0, ...agreeing) / 100;
}

function overlap(a: readonly [number, number], b: readonly [number, number]): number {
  return Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]));
}

/** The least share that has to move to get from one set of shares to the other, whatever the order. */
export function leastMovedShare(from: Spread, to: Spread): number {
  const after = percentsOf(to.variations);
  const lost = [...percentsOf(from.variations)].map(([id, share]) =>
    Math.max(0, share - (after.get(id) ?? 0)),
  );
  return lost.reduce((sum, share) => sum + share, 0) / 100;
}
