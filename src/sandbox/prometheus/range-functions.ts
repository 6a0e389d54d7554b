type Sample = { time: number; value: number };

/** What each `…_over_time` function makes of the samples of one range (at least one). */
export const overTimeFunctions: Record<string, (values: number[]) => number> = {
  avg_over_time: (values) => sum(values) / values.length,
  sum_over_time: sum,
  count_over_time: (values) => values.length,
  min_over_time: (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  max_over_time: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  last_over_time: (values) => values.at(-1) ?? NaN,
};

/** Counter functions; undefined when the range holds fewer than two samples. */
export const rateFunctions: Record<
  string,
  (samples: Sample[], from: number, to: number) => number | undefined
> = {
  increase,
  rate: (samples, from, to) => {
    const grown = increase(samples, from, to);
    return grown === undefined ? undefined : grown / ((to - from) / 1_000);
  },
};

/**
 * Growth of a counter over a window, extrapolated to the window's ends as Prometheus does: only as far as samples
 * would have come, and never below a zero start. Source: `extrapolatedRate` in prometheus/promql/functions.go.
 */
function increase(samples: Sample[], from: number, to: number): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2) return undefined;

  const grown = growthWithResets(samples);
  const sampled = last.time - first.time;
  const spacing = sampled / (samples.length - 1);
  let toStart = first.time - from;
  let toEnd = to - last.time;
  if (toStart >= spacing * 1.1) toStart = spacing / 2;
  if (grown > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / grown));
  if (toEnd >= spacing * 1.1) toEnd = spacing / 2;
  return grown * ((sampled + toStart + toEnd) / sampled);
}

function growthWithResets(samples: Sample[]): number {
  let grown = (samples.at(-1)?.value ?? 0) - (samples[0]?.value ?? 0);
  let before = -Infinity;
  for (const { value } of samples) {
    if (value < before) grown += before;
    before = value;
  }
  return grown;
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
