import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import type { EvidenceId } from "../../domain/evidence/evidence-id.ts";
import type { Instant } from "../../domain/ids.ts";
import { badnessOf, ceilingOf, isWorse, type Point } from "./compare-series.ts";
import { kindOf, quantileOf } from "./kind-of-metric.ts";
import { median, memoryOf, spreadAround } from "./robust-statistics.ts";

type Metric = EvidenceOf<"metric">;
type FlagChange = EvidenceOf<"flag_change">;

/** What series per variation say about a change: does the variation that more users get fare worse than the rest? */
export interface CohortFinding {
  verdict: "confirms" | "contradicts" | "silent";
  citations: EvidenceId[];
}

/** How services and OpenTelemetry call the label, and the one that names the flag. */
const variationLabels = [
  "variation",
  "variant",
  "flag_variation",
  "feature_flag_variant",
  "feature_flag_result_variant",
];
const flagLabels = ["flag", "flag_key", "feature_flag", "feature_flag_key"];

/** The variation a series is about, and its flag where a label says so. */
export function variationIn(
  labels: Readonly<Record<string, string>>,
): { variation: string; flagKey: string | null } | null {
  const name = variationLabels.find((label) => Object.hasOwn(labels, label));
  const variation = name === undefined ? undefined : labels[name];
  if (variation === undefined) return null;
  const flagLabel = flagLabels.find((label) => Object.hasOwn(labels, label));
  return { variation, flagKey: flagLabel === undefined ? null : (labels[flagLabel] ?? null) };
}

/**
 * Compares the cohort of the gained variations with the others, query by query. Only a query that measures what got
 * worse for all may say anything: elsewhere two cohorts differ by chance. One about the trouble itself decides; else one
 * that contradicts outweighs any that confirms.
 */
export function compareCohorts(
  change: FlagChange,
  onset: Instant,
  evidence: Evidence,
  trouble: Metric,
): CohortFinding {
  const byQuery = Map.groupBy(
    itemsOf(evidence, "metric").filter(({ labels }) => {
      const found = variationIn(labels);
      return found !== null && (found.flagKey === null || found.flagKey === change.ref.key);
    }),
    ({ queryId }) => queryId,
  );
  const findings = [...byQuery.values()].map((series) => ({
    ...cohortsOf(series, change, onset, evidence),
    isTrouble: overAll(series, evidence).includes(trouble),
  }));
  const telling = findings.filter(({ verdict }) => verdict !== "silent");
  const own = telling.filter(({ isTrouble }) => isTrouble);
  const deciding = own.length > 0 ? own : telling;
  const verdict =
    deciding.find((one) => one.verdict === "contradicts")?.verdict ?? deciding[0]?.verdict ?? "silent";
  return {
    verdict,
    citations: deciding.flatMap((one) => (one.verdict === verdict ? one.citations : [])),
  };
}

function cohortsOf(
  series: readonly Metric[],
  change: FlagChange,
  onset: Instant,
  evidence: Evidence,
): CohortFinding {
  const citations = series.map(({ id }) => id);
  const over = overAll(series, evidence);
  const worse = over.find(({ trend }) => trend === "degraded") ?? null;
  // What all users together do not suffer is not the trouble.
  if (worse === null && over.length > 0) return { verdict: "silent", citations };
  const changeAt = Date.parse(change.at);
  const isGained = ({ labels }: Metric) => change.gainedNames.includes(variationIn(labels)?.variation ?? "");
  const isGone = ({ labels }: Metric) =>
    change.goneNames?.includes(variationIn(labels)?.variation ?? "") === true;
  const gained = series.filter(isGained);
  // A rate goes on for the length of its window over requests from before the change.
  const others = series
    .filter((one) => !isGained(one))
    .map((one) => (isGone(one) ? { ...one, points: one.points.filter(([at]) => at < changeAt) } : one));
  const [onsetAt, before] = [Date.parse(onset), Math.min(changeAt, Date.parse(onset))];
  const [then, now] = [
    { from: -Infinity, to: before },
    { from: onsetAt, to: Infinity },
  ];
  const [overThen, overNow] = [then, now].map((span) =>
    worse === null ? null : levelOf(valuesOf([worse], span)),
  );
  const cohorts = {
    gained: levelOf(valuesOf(gained, now)),
    others: levelOf(valuesOf(others, now)),
    gap: levelOf(gapsOf(gained, others, now)),
    gainedThen: levelOf(valuesOf(gained, then)),
    othersThen: levelOf(valuesOf(others, then)),
    gapThen: levelOf(gapsOf(gained, others, then)),
  };
  const trouble = overThen == null || overNow == null ? null : overNow.middle - overThen.middle;
  if (worse !== null && trouble === null) return { verdict: "silent", citations };
  return { verdict: judge(cohorts, { like: worse, size: trouble }, change), citations };
}

/** The metrics over all users that measure the same kind of thing, those of the same quantile if there are any. */
function overAll(series: readonly Metric[], evidence: Evidence): Metric[] {
  const kinds = new Set(series.map(({ unit }) => kindOf(unit)));
  const quantiles = new Set(series.map(quantileOf));
  const found = itemsOf(evidence, "metric").filter(
    ({ unit, labels, trend }) =>
      kinds.has(kindOf(unit)) && variationIn(labels) === null && trend !== "no_data",
  );
  const same = found.filter((metric) => quantiles.has(quantileOf(metric)));
  return same.length > 0 ? same : found;
}

interface Cohorts {
  gained: Level | null;
  others: Level | null;
  /** How much worse the gained variation is than the others at the same moments: what befalls both cancels out. */
  gap: Level | null;
  gainedThen: Level | null;
  othersThen: Level | null;
  gapThen: Level | null;
}

interface Trouble {
  /** The metric over all users that got worse; null where there is none of this kind at all. */
  like: Metric | null;
  /** By how much its badness grew; null without such a metric. */
  size: number | null;
}

/**
 * Where the gained variation did it, its users carry all of the trouble: they are worse than the others by at least
 * what all users together lost, and the others are as they were. Where it did not, all are worse alike. The excess of
 * the gap over the usual one tells which of both lies nearer, and its error whether that is sure. A variation that
 * always was worse is to blame as far as more users meet it now.
 */
function judge(cohorts: Cohorts, trouble: Trouble, change: FlagChange): CohortFinding["verdict"] {
  const { gained, others, gap, gainedThen, othersThen, gapThen } = cohorts;
  if (gained === null) return "silent";
  if (others === null || gap === null) {
    // Nobody gets the others any more. That the variation was worse before tells what all have from it now.
    if (trouble.size === null || othersThen === null || gapThen === null) return "silent";
    const worseThen = gapThen.middle > sureRatio * gapThen.error && isWorse(gained.middle, othersThen.middle);
    return worseThen && doseExplains(trouble, gained.middle - othersThen.middle, change)
      ? "confirms"
      : "silent";
  }
  const excess = gap.middle - usualGap(others, gainedThen, othersThen, gapThen);
  const usual = othersThen?.middle ?? 0;
  const growth = usual > 0 ? gained.middle / usual : 1;
  const gapError = errorOf(gap, [gapThen, gainedThen, othersThen], growth);
  const error = Math.hypot(gapError, gapThen?.error ?? 0);
  const worseNow = gap.middle > sureRatio * gapError && isWorse(gained.middle, others.middle);
  const rise = othersThen === null ? 0 : Math.max(0, others.middle - othersThen.middle);
  // Without a metric over all users the trouble is what any of them suffers.
  const size = trouble.size ?? Math.max(rise, excess);
  const half = size / 2;
  const alike = rise > half && rise > sureRatio * riseError(others, othersThen);
  if (worseNow && excess > half && excess > sureRatio * error && !(alike && rise > excess / 2))
    return "confirms";
  if (worseNow && !alike && doseExplains(trouble, gap.middle, change)) return "confirms";
  // Too few samples, or too restless ones, would not show an excess that is there.
  if (trouble.size === null) return alike ? "contradicts" : "silent";
  return excess < half && size - excess > sureRatio * error ? "contradicts" : "silent";
}

/** The gap that there was already, as it would be now had the gained variation gone along with the others. */
function usualGap(others: Level, gained: Level | null, othersThen: Level | null, gap: Level | null): number {
  if (gained === null || othersThen === null || gap === null) return 0;
  const growth = othersThen.middle > 0 ? Math.max(1, others.middle / othersThen.middle) : 1;
  return Math.max(gap.middle, gap.middle * growth);
}

/** How uncertain the difference between a level and what it was is, by the noise it had then. */
function riseError(now: Level, then: Level | null): number {
  if (then === null) return Infinity;
  return (
    then.noise * Math.sqrt(Math.min(1, then.memory / now.samples) + Math.min(1, then.memory / then.samples))
  );
}

/** Whether so many more users of the worse variation make the metric over all users as bad as it is. */
function doseExplains({ like, size }: Trouble, gap: number, { movedPercent }: FlagChange): boolean {
  if (like === null || size === null || movedPercent === null) return false;
  // A quantile over all goes where that of the worse cohort lies; a mean moves by the share of users that moved.
  const most = quantileOf(like) === null ? movedPercent / 100 : 1;
  return size <= doseMargin * most * gap;
}

/** The users who moved may be busier than others, by about this factor. */
const doseMargin = 1.5;
/** A difference counts from three times its standard error on. */
const sureRatio = 3;
/** So many samples tell their own noise. */
const enoughSamples = 8;
/** Neighbours of a rate over minutes are nearly the same requests. */
const mostMemory = 0.98;

interface Level {
  /** Mean badness, outliers cut. */
  middle: number;
  /** Standard error of that; samples that resemble their neighbours count for less, all together for one at least. */
  error: number;
  noise: number;
  /** Noise around a straight line. */
  unrest: number;
  memory: number;
  samples: number;
}

interface Span {
  /** Epoch ms, inclusive. */
  from: number;
  /** Exclusive. */
  to: number;
}

/**
 * How uncertain the gap is. A stretch in which it opens tells of the rise rather than of noise, and a short one of
 * neither: the noise is that around a line, or what it was before, grown as counts do; the memory is the longest known.
 */
function errorOf(
  gap: Level,
  before: readonly [gap: Level | null, gained: Level | null, others: Level | null],
  growth: number,
): number {
  const memory = Math.max(...[gap, ...before].map((one) => one?.memory ?? 1));
  // Where few got the variation before, it was more restless then.
  const known = gap.samples < enoughSamples ? [before[0], before[2]] : [before[2]];
  const usual = Math.max(0, ...known.map((one) => one?.noise ?? 0));
  const noise = Math.max(gap.unrest, usual * Math.sqrt(Math.max(1, growth)));
  return noise * Math.sqrt(Math.min(1, memory / gap.samples));
}

/** Null with fewer than three values. A median would be zero for most counts of rare failures. */
function levelOf(values: readonly number[]): Level | null {
  if (values.length < 3) return null;
  const center = median(values);
  const spread = spreadAround(values.map((value) => value - center));
  const cut = values.map((value) => Math.min(center + 3 * spread, Math.max(center - 3 * spread, value)));
  const middle = cut.reduce((sum, value) => sum + value / cut.length, 0);
  const residuals = cut.map((value) => value - middle);
  const noise = spreadAround(residuals);
  const memory = memoryOf(residuals, noise, mostMemory);
  const error = noise * Math.sqrt(Math.min(1, memory / values.length));
  return { middle, error, noise, unrest: unrestOf(cut), memory, samples: values.length };
}

function unrestOf(values: readonly number[]): number {
  const center = (values.length - 1) / 2;
  const middle = values.reduce((sum, value) => sum + value / values.length, 0);
  const spread = values.reduce((sum, _, index) => sum + (index - center) ** 2, 0);
  const slope = values.reduce((sum, value, index) => sum + (index - center) * (value - middle), 0) / spread;
  return spreadAround(values.map((value, index) => value - middle - slope * (index - center)));
}

function valuesOf(series: readonly Metric[], span: Span): number[] {
  return series.flatMap((one) => badnessIn(one, span).map(([, value]) => value));
}

/** The gained variation's badness beyond that of the others, moment by moment. */
function gapsOf(gained: readonly Metric[], others: readonly Metric[], span: Span): number[] {
  const all = { from: -Infinity, to: Infinity };
  const beside = others.map((one) => badnessIn(one, all));
  return gained.flatMap((one) =>
    badnessIn(one, span).flatMap(([at, value]) => {
      const near = beside.map((points) => nearest(points, at)).filter((other) => other !== null);
      return near.length === 0 ? [] : [value - near.reduce((sum, other) => sum + other / near.length, 0)];
    }),
  );
}

const sameMomentMs = 60_000;

function nearest(points: readonly Point[], at: number): number | null {
  let best: Point | undefined;
  for (const point of points) {
    if (best === undefined || Math.abs(point[0] - at) <= Math.abs(best[0] - at)) best = point;
  }
  return best === undefined || Math.abs(best[0] - at) > sameMomentMs ? null : best[1];
}

function badnessIn({ points, badDirection, unit }: Metric, { from, to }: Span): Point[] {
  return points
    .filter(([at]) => at >= from && at < to)
    .map(([at, value]) => [at, badnessOf(value, { badDirection, ceiling: ceilingOf(unit) })]);
}
