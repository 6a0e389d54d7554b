import type { Flag, RolloutVariation } from "./flag.ts";
import { percentWords } from "./flag-words.ts";
import { type Refused, refused } from "./refused.ts";
import { leastMovedShare, movedShare, slicesFor, type Spread } from "./rollout.ts";

/** Shares that differ by less than this (of 1) are the same; FeatBit's finest step is 1e-5. */
export const TOLERANCE = 5e-6;

/**
 * New slices for a spread; the old ones where nobody would move, so that "already so" shows as such.
 * Refused where the fixed order of slices would move more users than the shares ask for.
 */
export function reslice(
  wanted: ReadonlyMap<string, number>,
  spread: Spread,
  flag: Flag,
): RolloutVariation[] | Refused {
  const slices = slicesFor(wanted, spread.variations, flag);
  const to = { dispatchKey: spread.dispatchKey, variations: slices };
  const moved = movedShare(spread, to);
  if (moved < TOLERANCE) return [...spread.variations];
  const least = leastMovedShare(spread, to);
  if (moved > least + 2 * TOLERANCE) {
    return refused(
      "would_reshuffle",
      `${percentWords(moved * 100)} of users would change variation although the shares change by only ` +
        `${percentWords(least * 100)}, because FeatBit serves variations in a fixed order. ` +
        "Move the share between neighbours in that order, one step at a time.",
    );
  }
  return slices;
}
