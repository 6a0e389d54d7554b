import type { SeriesStory, Shift } from "./world.ts";
import { minuteMs, now } from "./world-flags.ts";

/** The level at a moment, shifts and season included. */
export function levelAt({ level, shifts, season }: SeriesStory, at: number): number {
  const shifted = shifts
    .toSorted((a, b) => b.ago - a.ago)
    .reduce((before, shift) => before + shareOf(shift, at) * (goalOf(shift, level) - before), level);
  if (season === undefined) return shifted;
  const turns = (at - now) / (season.minutes * minuteMs) + season.phase;
  return shifted * (1 + season.amplitude * Math.sin(2 * Math.PI * turns));
}

/** How much of a shift is reached, 0..1. */
function shareOf({ ago, over, until }: Shift, at: number): number {
  const minutesIn = (at - now) / minuteMs + ago;
  if (minutesIn < 0 || (until !== undefined && at >= now - until * minuteMs)) return 0;
  return over === 0 ? 1 : Math.min(1, minutesIn / over);
}

function goalOf({ to, times }: Shift, level: number): number {
  return to ?? level * (times ?? 1);
}

/** False where the story has no samples. */
export function isThere({ from, until, missing }: SeriesStory, at: number): boolean {
  const ago = (now - at) / minuteMs;
  if ((from !== undefined && ago > from) || (until !== undefined && ago < until)) return false;
  return !missing.some((gap) => ago <= gap.ago && ago >= gap.until);
}
