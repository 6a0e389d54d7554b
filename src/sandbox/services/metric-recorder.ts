import type { Labels, MetricSink } from "../prometheus/series-store.ts";

/** What a service instruments itself with: counters and classic histograms, written out by `publish`. */
export type MetricRecorder = {
  /** Adds to a counter; adding 0 exposes it before its first event, as Prometheus advises. */
  add(name: string, labels: Labels, amount: number): void;
  /** Counts `weight` observations of the same value in the histogram `name`. */
  observe(name: string, labels: Labels, value: number, weight: number): void;
  /** Writes the present value of everything at `at` (Unix milliseconds). */
  publish(at: number): void;
};

type Counter = { name: string; labels: Labels; value: number };
type Histogram = { name: string; labels: Labels; buckets: Labels[]; counts: number[]; sum: number };

export function createMetricRecorder(sink: MetricSink, bucketBounds: readonly number[]): MetricRecorder {
  const bounds = [...bucketBounds, Infinity];
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();

  function publishHistogram({ name, labels, buckets, counts, sum }: Histogram, at: number): void {
    let cumulative = 0;
    for (const [index, bucket] of buckets.entries()) {
      cumulative += counts[index] ?? 0;
      sink.append(`${name}_bucket`, bucket, cumulative, at);
    }
    sink.append(`${name}_count`, labels, cumulative, at);
    sink.append(`${name}_sum`, labels, sum, at);
  }

  return {
    add(name, labels, amount) {
      const counter = entry(counters, name, labels, () => ({ name, labels, value: 0 }));
      counter.value += amount;
    },
    observe(name, labels, value, weight) {
      const histogram = entry(histograms, name, labels, () => ({
        name,
        labels,
        buckets: bounds.map((bound) => ({ ...labels, le: bound === Infinity ? "+Inf" : String(bound) })),
        counts: bounds.map(() => 0),
        sum: 0,
      }));
      const index = bounds.findIndex((bound) => value <= bound);
      histogram.counts[index] = (histogram.counts[index] ?? 0) + weight;
      histogram.sum += value * weight;
    },
    publish(at) {
      for (const { name, labels, value } of counters.values()) sink.append(name, labels, value, at);
      for (const histogram of histograms.values()) publishHistogram(histogram, at);
    },
  };
}

function entry<T>(entries: Map<string, T>, name: string, labels: Labels, make: () => T): T {
  const key = `${name} ${Object.values(labels).join(" ")}`;
  const found = entries.get(key) ?? make();
  entries.set(key, found);
  return found;
}
