/** The middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  // A typed array sorts numbers natively, several times as fast as a comparison function.
  return middleOf(Float64Array.from(values).toSorted());
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

/**
 * How much less a sample tells because its noise takes after that of the one before: 1 for independent noise, the
 * factor (1 + r) / (1 - r) by which the variance of a mean grows for noise whose neighbours correlate by r. Residuals
 * are cut at three times the noise, so that a spike or a ramp does not pass for memory.
 */
export function memoryOf(residuals: readonly number[], noise: number, most = mostMemory): number {
  if (residuals.length < 8 || noise === 0) return 1;
  const cut = residuals.map((residual) => Math.max(-3 * noise, Math.min(3 * noise, residual)));
  let [products, squares] = [0, 0];
  for (const [index, value] of cut.entries()) {
    squares += value * value;
    products += value * (cut[index + 1] ?? 0);
  }
  const correlation = squares === 0 ? 0 : Math.max(0, Math.min(most, products / squares));
  return (1 + correlation) / (1 - correlation);
}

/** More is not believed unless asked for: a slow rise would pass for memory, and would never be told. */
const mostMemory = 0.6;

/** For every n the sum of absolute deviations of the first n values from their median. */
export function costsOfPrefixes(values: readonly number[]): Float64Array {
  const size = values.length;
  // Plain loops over typed arrays: this runs for every split of every series.
  const sorted = Float64Array.from(values).toSorted();
  const taken = new Uint32Array(size);
  // Fenwick trees over the places of the sorted values: how many of them were seen, and their sum.
  const counts = new Float64Array(size + 1);
  const sums = new Float64Array(size + 1);
  const costs = new Float64Array(size + 1);
  const highestStep = 2 ** Math.floor(Math.log2(Math.max(1, size)));
  let total = 0;
  for (let index = 0; index < size; index += 1) {
    const value = values[index] ?? 0;
    const first = firstPlace(sorted, value);
    taken[first] = (taken[first] ?? 0) + 1;
    for (let at = first + (taken[first] ?? 0); at <= size; at += at & -at) {
      counts[at] = (counts[at] ?? 0) + 1;
      sums[at] = (sums[at] ?? 0) + value;
    }
    total += value;
    const seen = index + 1;
    // The sum of the lower half, the middle included. Any value between two middle ones gives the same cost.
    const half = (seen + 1) >> 1;
    let [place, found, low] = [0, 0, 0];
    for (let step = highestStep; step >= 1; step >>= 1) {
      const next = place + step;
      if (next > size || found + (counts[next] ?? 0) >= half) continue;
      place = next;
      found += counts[next] ?? 0;
      low += sums[next] ?? 0;
    }
    const middle = sorted[place] ?? 0;
    low += (half - found) * middle;
    costs[seen] = Math.max(0, total - 2 * low + middle * (2 * half - seen));
  }
  return costs;
}

/** Where the first of the values equal to `value` stands. */
function firstPlace(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function middleOf(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}
