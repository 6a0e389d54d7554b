import type { Point } from "../../../src/pipeline/evidence/compare-series.ts";

/** Made series with known truth, for measuring how often the change-point method errs. All randomness is seeded. */

export type Random = () => number;

/** Mulberry32: small, fast, good enough for noise. Uniform in [0, 1). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Knuth's for small means, the normal approximation for large ones. */
function poisson(mean: number, random: Random): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** Level by index → measured value by index. */
export type Measure = (level: (index: number) => number, length: number, random: Random) => number[];

/** What the noise of real metrics looks like. */
export const measures = {
  /** Percentiles of a busy service: 8 % noise, independent. */
  white: (level, length, random) => range(length, (index) => level(index) * (1 + 0.08 * gaussian(random))),
  /** One sample in forty is two to ten times as high. */
  spiky: (level, length, random) =>
    range(
      length,
      (index) => level(index) * (1 + 0.08 * gaussian(random)) * (random() < 1 / 40 ? 2 + 8 * random() : 1),
    ),
  /** Noise that wanders: each sample remembers 80 % of the last one's deviation. */
  wandering: (level, length, random) => {
    let deviation = 0;
    return range(length, (index) => {
      deviation = 0.8 * deviation + 0.06 * gaussian(random);
      return level(index) * (1 + deviation);
    });
  },
  /** `rate(…[5m])` over a counter scraped every 10 s: the mean of the last thirty. */
  windowed: (level, length, random) => {
    const raw = range(length + 30, (index) => level(index - 30) * (1 + 0.5 * gaussian(random)));
    return range(length, (index) => mean(raw.slice(index + 1, index + 31)));
  },
  /** A share of failures out of few requests, over a window of a minute. */
  rare: (level, length, random) => {
    const failures = range(length + 6, (index) => poisson(40 * level(index - 6), random));
    return range(length, (index) => mean(failures.slice(index + 1, index + 7)) / 40);
  },
  /** Scraped once a minute and asked for every ten seconds: each value comes six times. */
  repeated: (level, length, random) => {
    const noise = range(Math.ceil(length / 6), () => gaussian(random));
    return range(length, (index) => {
      const scrape = Math.floor(index / 6);
      return level(scrape * 6) * (1 + 0.15 * (noise[scrape] ?? 0));
    });
  },
} as const satisfies Record<string, Measure>;
export type MeasureName = keyof typeof measures;

export const stepMs = 10_000;

export function pointsOf(values: readonly number[]): Point[] {
  return values.map((value, index) => [index * stepMs, value]);
}

function range<T>(length: number, at: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => at(index));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
