import { labelKey, type Labels } from "./series-store.ts";
import type { Vector } from "./vector.ts";

type Bucket = { upperBound: number; count: number };

/** Classic histograms: one quantile per group of `le` buckets. Source: `BucketQuantile` in prometheus/promql/quantile.go. */
export function histogramQuantile(quantile: number, vector: Vector): Vector {
  const groups = new Map<string, { labels: Labels; buckets: Bucket[] }>();
  for (const { labels, value } of vector) {
    const { le, __name__: _, ...rest } = labels;
    const upperBound = le === "+Inf" ? Infinity : Number(le);
    if (le === undefined || le === "" || Number.isNaN(upperBound)) continue;
    const key = labelKey(rest);
    const group = groups.get(key) ?? { labels: rest, buckets: [] };
    group.buckets.push({ upperBound, count: value });
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, buckets }) => ({
    labels,
    value: bucketQuantile(quantile, buckets),
  }));
}

function bucketQuantile(quantile: number, unsorted: Bucket[]): number {
  if (Number.isNaN(quantile)) return NaN;
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  const buckets = monotonic(unsorted);
  const last = buckets.at(-1);
  if (last === undefined || last.upperBound !== Infinity || buckets.length < 2 || last.count === 0)
    return NaN;
  if (Number.isNaN(last.count)) return NaN;

  const rank = quantile * last.count;
  const index = buckets.slice(0, -1).findIndex(({ count }) => count >= rank);
  const bucket = buckets[index];
  if (bucket === undefined) return buckets.at(-2)?.upperBound ?? NaN;
  const below = buckets[index - 1];
  if (below === undefined && bucket.upperBound <= 0) return bucket.upperBound;
  const start = below?.upperBound ?? 0;
  const before = below?.count ?? 0;
  return start + (bucket.upperBound - start) * ((rank - before) / (bucket.count - before));
}

/** Buckets that share a bound are one; counts that shrink (scrapes are not atomic) are lifted. */
function monotonic(unsorted: Bucket[]): Bucket[] {
  const merged = new Map<number, number>();
  for (const { upperBound, count } of unsorted) merged.set(upperBound, (merged.get(upperBound) ?? 0) + count);
  const buckets = [...merged].map(([upperBound, count]) => ({ upperBound, count }));
  buckets.sort((a, b) => a.upperBound - b.upperBound);
  let highest = 0;
  for (const bucket of buckets) {
    highest = Math.max(highest, bucket.count);
    bucket.count = highest;
  }
  return buckets;
}
