import type { Point } from "./compare-series.ts";

/** So many changes of value must be seen before their distance says how often the series is measured. */
const leastChanges = 5;
const longestIntervalMs = 5 * 60_000;

/**
 * A range query answers at every step, also where nothing was measured since the last one: the old value comes again.
 * Such repeats would count as many samples that agree. What remains is one point per measurement, as far as the
 * changes of value tell; a series that hardly ever changes is left as it is.
 */
export function withoutRepeats(points: readonly Point[]): Point[] {
  const intervalMs = measuredEvery(points);
  if (intervalMs === null) return [...points];
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (last === undefined || point[1] !== last[1] || point[0] - last[0] >= intervalMs) kept.push(point);
  }
  return kept;
}

/** Milliseconds between measurements: the shortest usual distance of changes of value; null where that is the step, or unknown. */
export function measuredEvery(points: readonly Point[]): number | null {
  const changes = points.filter(([, value], index) => index > 0 && value !== points[index - 1]?.[1]);
  if (changes.length < leastChanges) return null;
  const gaps = changes
    .slice(1)
    .map(([at], index) => at - (changes[index]?.[0] ?? at))
    .toSorted((a, b) => a - b);
  // Nearly the shortest: a series that is measured often and rests between its moves must not count as slow.
  const interval = Math.min(longestIntervalMs, gaps[Math.floor(gaps.length / 20)] ?? 0);
  const stepMs = Math.min(...points.slice(1).map(([at], index) => at - (points[index]?.[0] ?? at)));
  return interval > stepMs ? interval : null;
}
