export interface Interval {
  low: number;
  high: number;
}

/** 95 % score interval of a share (Wilson 1927): honest for few cases and for shares near 0 or 1. */
export function wilson(hits: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const z = 1.96;
  const share = hits / of;
  const scale = 1 + z ** 2 / of;
  const middle = share + z ** 2 / (2 * of);
  const margin = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  return { low: Math.max(0, (middle - margin) / scale), high: Math.min(1, (middle + margin) / scale) };
}
