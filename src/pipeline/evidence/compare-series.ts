import type { MetricFigures, MetricShift, MetricTrend } from "../../domain/evidence/evidence.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import { costsOfPrefixes, median, memoryOf, spreadAround } from "./robust-statistics.ts";
import { withoutRepeats } from "./without-repeats.ts";

export type Point = readonly [at: number, value: number];

export interface SeriesQuestion {
  badDirection: "up" | "down";
  /** Largest value the metric can have (1 or 100 for a share of successes), or null. */
  ceiling: number | null;
  /** Where before and after meet when the series itself shows no shift, epoch milliseconds. */
  pivotAt: number;
}

export interface SeriesComparison {
  before: MetricFigures;
  after: MetricFigures;
  trend: MetricTrend;
  onsetAt: Instant | null;
  /** From the level before the onset to the one it left for; null where none of the two is known. */
  shift: MetricShift | null;
}

/** Fewer samples than this are no level. */
export const leastSamples = 3;
/** Smallest shift that counts, as a share of the larger of the two levels: 0.2 means at least +25 % or −20 %. */
const leastShift = 0.2;
/** A shift must exceed this many times the noise … */
const leastNoiseRatio = 1.5;
/** … and, as the medians of short stretches wander, this many times the noise of the two medians. */
const leastMedianRatio = 5;
/** A sample lies clearly beyond a level where it exceeds it by this many times the noise. */
const rampNoiseRatio = 3;
/** … and by this part of the shift: near a large one, a small unrest is neither its foot nor its rest. */
const footShare = 0.1;
const mostLevels = 8;
const highestScore = 1000;

/**
 * Says whether a series left its level, when, and by how much. docs/evidence.md has the method in words and how often
 * it errs.
 *
 * Method: recursive two-segment splitting. A split is the one that lowers the sum of absolute deviations from
 * the segments' medians most; it is kept when both sides have `leastSamples` samples and the medians differ by
 * `leastShift` and clearly more than the noise (median and mean absolute deviation within the segments), where noise
 * that wanders counts for more. Medians make single spikes and outages of the scrape harmless. The healthy level is
 * the best level that at least a fifth of the samples have, or that the series began with. Degraded: the last level is
 * worse than that; the onset is where the unbroken worse stretch begins, moved back over the foot of a ramp.
 * Recovered: worse in between, not any more.
 */
export function compareSeries(points: readonly Point[], question: SeriesQuestion): SeriesComparison {
  const sound = points.filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value));
  const { pivotAt } = question;
  const scraped = withoutRepeats(sound);
  if (scraped.length < 2 * leastSamples) return around(sound, pivotAt, "no_data", null, null);

  const badness = scraped.map(([, value]) => badnessOf(value, question));
  const levels = levelsOf(badness, 0, badness.length, mostLevels);
  const healthy = healthyLevel(levels, scraped.length);
  // Beside a large shift a small one is unrest: after it, a return that is all but whole is one.
  const least = footShare * (Math.max(...levels.map((level) => level.median)) - healthy);
  const worse = levels.map(({ median: level }) => isWorse(level, healthy) && level - healthy >= least);
  const ended = worse.lastIndexOf(true);
  if (ended === -1) return around(sound, pivotAt, "steady", null, null);

  const start = worse.lastIndexOf(false, ended) + 1;
  if (start === 0) return left("improved", { from: levels[ended + 1]?.from ?? 0, to: badness.length });
  const [before, trouble] = [levels[start - 1], levels[start]];
  const from = before === undefined || trouble === undefined ? 0 : startOfStretch(badness, before, trouble);
  const stretch = { from, to: levels[ended]?.to ?? badness.length };
  // Two outliers in a row and one good sample have a bad median; they are no level yet.
  if (stretch.to - stretch.from < leastSamples) return around(sound, pivotAt, "steady", null, null);
  return left(worse.at(-1) === true ? "degraded" : "recovered", stretch);

  /** The series left its level for that of `stretch`. */
  function left(trend: MetricTrend, { from: first, to }: { from: number; to: number }): SeriesComparison {
    const values = scraped.map(([, value]) => value);
    const onsetAt = scraped[first]?.[0] ?? 0;
    return around(sound, onsetAt, trend, onsetAt, shiftOf(values.slice(0, first), values.slice(first, to)));
  }
}

/** True where `level` is worse than `healthy` by a shift that counts; both as badness. */
export function isWorse(level: number, healthy: number): boolean {
  return level - healthy > leastShift * Math.max(Math.abs(level), Math.abs(healthy));
}

/** A number that grows with trouble. A falling share of successes becomes the growing share of failures. */
export function badnessOf(value: number, { badDirection, ceiling }: Omit<SeriesQuestion, "pivotAt">): number {
  if (badDirection === "up") return value;
  return ceiling !== null && value <= ceiling ? ceiling - value : -value;
}

/** Shares cannot exceed the whole, so that a falling share of successes is judged by the failures. */
export function ceilingOf(unit: string): number | null {
  return unit === "%" ? 100 : unit === "ratio" ? 1 : null;
}

interface Level {
  from: number;
  to: number;
  median: number;
}

function levelsOf(values: readonly number[], from: number, to: number, most: number): Level[] {
  const stretch = values.slice(from, to);
  const whole: Level = { from, to, median: median(stretch) };
  if (most < 2) return [whole];
  const split = bestSplit(stretch) ?? startOfHump(stretch);
  if (split === null) return [whole];
  // The later half first: what is now must not go short because of an unrest of long ago.
  const right = levelsOf(values, from + split, to, most - 1);
  return [...levelsOf(values, from, from + split, most - right.length), ...right];
}

/** Index at which the right side begins, or null where no split counts. */
function bestSplit(values: readonly number[]): number | null {
  if (values.length < 2 * leastSamples) return null;
  const left = costsOfPrefixes(values);
  const right = costsOfPrefixes(values.toReversed());
  let best = -1;
  let lowest = Infinity;
  for (let index = leastSamples; index <= values.length - leastSamples; index += 1) {
    const cost = (left[index] ?? 0) + (right[values.length - index] ?? 0);
    if (cost < lowest) [best, lowest] = [index, cost];
  }
  return best !== -1 && counts(values.slice(0, best), values.slice(best)) ? best : null;
}

/**
 * A trouble that came and went well inside a stretch leaves both medians where they were, so no single split
 * shows it: then the longest run of samples clearly above the median is looked for. Splitting where it begins
 * lets the next round find its end.
 */
function startOfHump(values: readonly number[]): number | null {
  const middle = median(values);
  const noise = spreadAround(values.map((value) => value - middle));
  let best = { start: -1, length: 0 };
  let start = -1;
  for (const [index, value] of [...values, -Infinity].entries()) {
    const high = isWorse(value, middle) && value - middle >= leastMedianRatio * noise;
    if (high && start === -1) start = index;
    if (high || start === -1) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = -1;
  }
  return best.length >= leastSamples && best.start > 0 ? best.start : null;
}

function counts(left: readonly number[], right: readonly number[]): boolean {
  const [from, to] = [median(left), median(right)];
  const shift = Math.abs(to - from);
  if (shift === 0 || shift <= leastShift * Math.max(Math.abs(from), Math.abs(to))) return false;
  const residuals = [...left.map((value) => value - from), ...right.map((value) => value - to)];
  const noise = spreadAround(residuals);
  const ofMedians = noise * Math.sqrt(memoryOf(residuals, noise) * (1 / left.length + 1 / right.length));
  return shift >= leastNoiseRatio * noise && shift >= leastMedianRatio * ofMedians;
}

/** What came first may be short, because the trouble may fill most of the window; a later dip must last. */
function healthyLevel(levels: readonly Level[], samples: number): number {
  const sustained = levels.filter(
    ({ from, to }) => to - from >= (from === 0 ? 2 * leastSamples : samples / 5),
  );
  return Math.min(...(sustained.length > 0 ? sustained : levels).map((level) => level.median));
}

/**
 * Where the stretch that begins at `splitAt` really begins. A slow rise is split in its middle (a window of five minutes
 * makes a ramp of every step, a queue fills slowly): goes back as long as samples lie clearly beyond the level before.
 * A young one is split too early, because no side may be shorter than `leastSamples`: goes on over what is still near
 * the level before.
 */
function startOfStretch(badness: readonly number[], level: Level, trouble: Level): number {
  const before = badness.slice(level.from, level.to);
  const calm = before.slice(0, Math.max(leastSamples, Math.floor(before.length / 2)));
  const middle = median(calm);
  const limit =
    middle +
    Math.max(
      rampNoiseRatio * spreadAround(calm.map((value) => value - middle)),
      footShare * (trouble.median - middle),
    );
  const isBeyond = (value: number) => value > limit && isWorse(value, middle);
  let start = trouble.from;
  while (start - 1 > level.from && isBeyond(badness[start - 1] ?? -Infinity)) start -= 1;
  if (start < trouble.from || trouble.to - trouble.from > leastSamples) return start;
  const halfway = (middle + trouble.median) / 2;
  while (start < trouble.to - 1 && (badness[start] ?? Infinity) < halfway) start += 1;
  return start;
}

/** Both in the metric's own unit; the noise is that within the two stretches. */
function shiftOf(before: readonly number[], after: readonly number[]): MetricShift | null {
  if (before.length === 0 || after.length === 0) return null;
  const [from, to] = [median(before), median(after)];
  const size = to - from;
  const noise = spreadAround([...before.map((value) => value - from), ...after.map((value) => value - to)]);
  const score = noise === 0 ? highestScore : Math.min(highestScore, Math.abs(size) / noise);
  return { size, relative: from === 0 ? null : size / Math.abs(from), score };
}

function around(
  points: readonly Point[],
  splitAt: number,
  trend: MetricTrend,
  onsetAt: number | null,
  shift: MetricShift | null,
): SeriesComparison {
  return {
    before: figuresOf(points.filter(([time]) => time < splitAt)),
    after: figuresOf(points.filter(([time]) => time >= splitAt)),
    trend,
    onsetAt: onsetAt === null ? null : toInstant(onsetAt),
    shift,
  };
}

export function figuresOf(points: readonly Point[]): MetricFigures {
  if (points.length === 0) return { mean: null, max: null, samples: 0 };
  const values = points.map(([, value]) => value);
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return { mean, max: Math.max(...values), samples: values.length };
}
