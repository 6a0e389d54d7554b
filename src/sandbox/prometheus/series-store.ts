import type { Matcher } from "./promql-ast.ts";

export type Labels = Readonly<Record<string, string>>;

/** What simulated services write to. */
export type MetricSink = {
  /** `at` in Unix milliseconds; samples of one series must arrive in order of time. */
  append(name: string, labels: Labels, value: number, at: number): void;
  /** The series is no longer exposed: Prometheus then leaves it out at once, not after five minutes. */
  markStale(name: string, labels: Labels, at: number): void;
};

/** Samples of one series, oldest first; `stale` marks where a series stopped being exposed. */
export type Series = {
  readonly labels: Labels;
  readonly times: number[];
  readonly values: (number | "stale")[];
};

export type SeriesStore = MetricSink & {
  select(matchers: readonly Matcher[]): Series[];
  labelNames(): string[];
};

const lookBackMs = 5 * 60_000;

/** An in-memory series store. Samples older than `retentionMs` behind the newest of their series are dropped. */
export function createSeriesStore(retentionMs = 6 * 3_600_000): SeriesStore {
  const byName = new Map<string, Map<string, Series>>();

  function add(name: string, labels: Labels, value: number | "stale", at: number): void {
    const metric = byName.get(name) ?? new Map<string, Series>();
    byName.set(name, metric);
    const key = labelKey(labels);
    const series = metric.get(key) ?? { labels: { __name__: name, ...labels }, times: [], values: [] };
    metric.set(key, series);
    const newest = series.times.at(-1);
    if (newest !== undefined && at <= newest) {
      throw new Error(`out of order sample for ${name}{${key}}: ${at} is not after ${newest}`);
    }
    series.times.push(at);
    series.values.push(value);
    dropOld(series, at - retentionMs);
  }

  return {
    append: add,
    markStale: (name, labels, at) => add(name, labels, "stale", at),
    select(matchers) {
      const exact = matchers.find(({ label, operator }) => label === "__name__" && operator === "=");
      const metrics =
        exact === undefined ? [...byName.values()] : [byName.get(exact.value) ?? new Map<string, Series>()];
      return metrics.flatMap((metric) =>
        [...metric.values()].filter(({ labels }) => matchers.every((m) => m.matches(labels[m.label] ?? ""))),
      );
    },
    labelNames() {
      const names = new Set<string>();
      for (const metric of byName.values()) {
        for (const { labels } of metric.values()) for (const label of Object.keys(labels)) names.add(label);
      }
      return [...names].toSorted();
    },
  };
}

/** Whoever writes a series each second hands in the same labels each time. */
const keys = new WeakMap<Labels, string>();

/** Identity of a label set, whatever the order its labels were given in. */
export function labelKey(labels: Labels): string {
  const known = keys.get(labels);
  if (known !== undefined) return known;
  const names = Object.keys(labels).toSorted();
  const key = names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(", ");
  keys.set(labels, key);
  return key;
}

/** The newest sample at or before `at`, not older than Prometheus' five-minute look-back. */
export function valueAt(series: Series, at: number): number | undefined {
  const index = countUntil(series.times, at) - 1;
  const time = series.times[index];
  const value = series.values[index];
  return time === undefined || time <= at - lookBackMs || value === "stale" ? undefined : value;
}

/** Samples in (from, to], as Prometheus 3 cuts ranges. */
export function samplesIn(series: Series, from: number, to: number): { time: number; value: number }[] {
  const samples: { time: number; value: number }[] = [];
  for (let index = countUntil(series.times, from); index < series.times.length; index += 1) {
    const time = series.times[index];
    const value = series.values[index];
    if (time === undefined || time > to) break;
    if (value !== undefined && value !== "stale") samples.push({ time, value });
  }
  return samples;
}

/** How many times are at or before `at`, found by bisection. */
function countUntil(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Dropping in blocks keeps appending cheap. */
function dropOld(series: Series, before: number): void {
  if (series.times.length % 1_024 !== 0) return;
  const count = countUntil(series.times, before);
  series.times.splice(0, count);
  series.values.splice(0, count);
}
