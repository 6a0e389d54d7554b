import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import type { EvidenceId } from "../../domain/evidence/evidence-id.ts";
import type { Instant } from "../../domain/ids.ts";
import { badnessOf, ceilingOf, isWorse, type Point } from "./compare-series.ts";
import { quantileOf } from "./kind-of-metric.ts";
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
 * Compares the cohort of the gained variations with the others, query by query. One query that confirms is enough;
 * others may be about something the variation does not touch. A query contradicts only where it shows the trouble
 * itself, or measures the same as a metric over all users that does.
 */
export function compareCohorts(change: FlagChange, onset: Instant, evidence: Evidence): CohortFinding {
  const byQuery = Map.groupBy(
    itemsOf(evidence, "metric").filter(({ labels }) => {
      const found = variationIn(labels);
      return found !== null && (found.flagKey === null || found.flagKey === change.ref.key);
    }),
    ({ queryId }) => queryId,
  );
  const findings = [...byQuery.values()].map((series) =>
    cohortsOf(series, change, onset, troubleLike(series, evidence)),
  );
  const confirming = findings.filter(({ verdict }) => verdict === "confirms");
  const contradicting = findings.filter(({ verdict }) => verdict === "contradicts");
  const telling = confirming.length > 0 ? confirming : contradicting;
  return {
    verdict: telling[0]?.verdict ?? "silent",
    citations: telling.flatMap(({ citations }) => citations),
  };
}

function cohortsOf(
  series: readonly Metric[],
  change: FlagChange,
  onset: Instant,
  trouble: Metric | null,
): CohortFinding {
  const isGained = ({ labels }: Metric) => change.gainedNames.includes(variationIn(labels)?.variation ?? "");
  const [gained, others] = [series.filter(isGained), series.filter((one) => !isGained(one))];
  const [onsetAt, before] = [Date.parse(onset), Math.min(Date.parse(change.at), Date.parse(onset))];
  const [then, now] = [
    { from: -Infinity, to: before },
    { from: onsetAt, to: Infinity },
  ];
  const cohorts = {
    gained: levelOf(valuesOf(gained, now)),
    others: levelOf(valuesOf(others, now)),
    gap: levelOf(gapsOf(gained, others, now)),
    gainedThen: levelOf(valuesOf(gained, then)),
    othersThen: levelOf(valuesOf(others, then)),
    gapThen: levelOf(gapsOf(gained, others, then)),
  };
  return { verdict: judge(cohorts, trouble, change), citations: series.map(({ id }) => id) };
}

/** A ratio often goes without a unit. */
function kindOf(unit: string): string {
  return unit === "" ? "ratio" : unit;
}

/** A metric over all users that got worse and measures the same kind of thing; null where there is none. */
function troubleLike(series: readonly Metric[], evidence: Evidence): Metric | null {
  const kinds = new Set(series.map(({ unit }) => kindOf(unit)));
  const found = itemsOf(evidence, "metric").find(
    ({ trend, unit, labels }) =>
      trend === "degraded" && kinds.has(kindOf(unit)) && variationIn(labels) === null,
  );
  return found ?? null;
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

/**
 * The gained variation is to blame for what it is worse than expected. What the others have become worse by must be
 * due to something else: where that is the larger part, so must be the trouble. A variation that always was worse is
 * to blame only as far as more users meet it now.
 */
function judge(cohorts: Cohorts, like: Metric | null, change: FlagChange): CohortFinding["verdict"] {
  const { gained, others, gap, gainedThen, othersThen, gapThen } = cohorts;
  if (gained === null) return "silent";
  if (others === null || gap === null) {
    // Nobody gets the others any more. That the variation was worse before tells what all have from it now.
    if (like === null || othersThen === null || gapThen === null) return "silent";
    const worseThen = gapThen.middle > sureRatio * gapThen.error && isWorse(gained.middle, othersThen.middle);
    return worseThen && doseExplains(like, gained, othersThen, change) ? "confirms" : "silent";
  }
  const usual = usualGap(others, gainedThen, othersThen, gapThen);
  const excess = gap.middle - usual;
  const doubt = sureRatio * Math.hypot(gap.error, gapThen?.error ?? 0);
  const worse = excess > doubt && isWorse(gained.middle, gained.middle - excess);
  const rise = othersThen === null ? 0 : riseOf(others, othersThen);
  const trouble = like === null ? null : troubleOf(like);
  if (rise > 0 && (trouble === null || rise > trouble / matters)) {
    if (worse && excess > mainPart * rise) return "confirms";
    return worse && excess * mainPart > rise ? "silent" : "contradicts";
  }
  if (worse) return "confirms";
  if (like === null) return "silent";
  if (gap.middle > sureRatio * gap.error && doseExplains(like, gained, others, change)) return "confirms";
  // Too few samples, or too restless ones, would not show an excess that is there.
  return doubt < Math.abs(others.middle) / 2 ? "contradicts" : "silent";
}

/** The gap that there was already, as it would be now had the gained variation gone along with the others. */
function usualGap(others: Level, gained: Level | null, othersThen: Level | null, gap: Level | null): number {
  if (gained === null || othersThen === null || gap === null) return 0;
  const growth = othersThen.middle > 0 ? Math.max(1, others.middle / othersThen.middle) : 1;
  return Math.max(gap.middle, gap.middle * growth);
}

/** By how much a level is clearly worse than it was, by the noise it had then; 0 where it is not. */
function riseOf(now: Level, then: Level): number {
  const error = then.noise * Math.sqrt(then.memory * (1 / now.samples + 1 / then.samples));
  const rise = now.middle - then.middle;
  return rise > sureRatio * error && isWorse(now.middle, then.middle) ? rise : 0;
}

/** How much badness the metric over all users has gained. */
function troubleOf({ before, after, badDirection, unit }: Metric): number | null {
  if (before.mean === null || after.mean === null) return null;
  const ceiling = ceilingOf(unit);
  return badnessOf(after.mean, { badDirection, ceiling }) - badnessOf(before.mean, { badDirection, ceiling });
}

/** Whether so many more users of the worse variation make the metric over all users as bad as it is. */
function doseExplains(like: Metric, gained: Level, others: Level, { movedPercent }: FlagChange): boolean {
  const trouble = troubleOf(like);
  if (trouble === null || movedPercent === null) return false;
  // A quantile over all goes where that of the worse cohort lies; a mean moves by the share of users that moved.
  const most = quantileOf(like) === null ? movedPercent / 100 : 1;
  return trouble <= doseMargin * most * (gained.middle - others.middle);
}

/** The users who moved may be busier than others, by about this factor. */
const doseMargin = 1.5;
/** One part outweighs another where it is twice as large. */
const mainPart = 2;
/** The others are part of the trouble where they got worse by at least this part of it. */
const matters = 5;
/** A difference counts from three times its standard error on. */
const sureRatio = 3;

interface Level {
  /** Mean badness, outliers cut. */
  middle: number;
  /** Standard error of that. */
  error: number;
  noise: number;
  memory: number;
  samples: number;
}

interface Span {
  /** Epoch ms, inclusive. */
  from: number;
  /** Exclusive. */
  to: number;
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
  const memory = memoryOf(residuals, noise);
  return { middle, error: noise * Math.sqrt(memory / values.length), noise, memory, samples: values.length };
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
