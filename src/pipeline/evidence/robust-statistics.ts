/** The middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  return middleOf(values.toSorted((a, b) => a - b));
}

/**
 * How far residuals usually lie from zero, in units of a standard deviation: the larger of the scaled median
 * absolute deviation and the mean absolute deviation, so that a series of mostly equal values is not taken for
 * a noiseless one.
 */
export function spreadAround(residuals: readonly number[]): number {
  const sizes = residuals.map(Math.abs);
  const mean = sizes.reduce((sum, size) => sum + size / sizes.length, 0);
  return Math.max(1.4826 * median(sizes), mean);
}

/** For every n the sum of absolute deviations of the first n values from their median. */
export function costsOfPrefixes(values: readonly number[]): number[] {
  const sorted: number[] = [];
  const costs = [0];
  for (const value of values) {
    sorted.splice(placeIn(sorted, value), 0, value);
    const middle = middleOf(sorted);
    let cost = 0;
    for (const other of sorted) cost += Math.abs(other - middle);
    costs.push(cost);
  }
  return costs;
}

function middleOf(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}

function placeIn(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
