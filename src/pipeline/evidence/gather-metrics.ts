import { variationIn } from "./compare-cohorts.ts";
import type { EvidenceGap, EvidenceOf, MetricTrend } from "../../domain/evidence/evidence.ts";
import { figuresWords, figureWords, timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import type { MetricQuery } from "../../domain/service.ts";
import {
  badnessOf,
  ceilingOf,
  compareSeries,
  figuresOf,
  isWorse,
  type Point,
  type SeriesComparison,
} from "./compare-series.ts";
import type { Unnumbered } from "./describe-flag-change.ts";
import type { Series, Telemetry } from "../ports/telemetry.ts";
import { median } from "./robust-statistics.ts";
import { withinBudget } from "./within-budget.ts";

export type MetricFinding = Unnumbered<EvidenceOf<"metric">>;

export interface MetricsRequest {
  telemetry: Telemetry;
  queries: readonly MetricQuery[];
  from: Instant;
  to: Instant;
  /** Where before and after meet when a series shows no shift. */
  pivotAt: Instant;
  budgetMs: number;
}

/** Samples asked for per series: fine enough to date a shift, few enough for any server. */
const wantedSamples = 720;
const plottedPoints = 240;
const mostSeries = 12;

/** Every query's series compared before and after, in the order of the queries. */
export async function gatherMetrics(
  request: MetricsRequest,
): Promise<{ metrics: MetricFinding[]; gaps: EvidenceGap[] }> {
  const found = await Promise.all(request.queries.map((query) => metricsOf(query, request)));
  return { metrics: found.flatMap(({ metrics }) => metrics), gaps: found.flatMap(({ gaps }) => gaps) };
}

/** Milliseconds between samples, in whole seconds. */
export function stepFor(from: Instant, to: Instant): number {
  const spanMs = Date.parse(to) - Date.parse(from);
  return Math.max(1, Math.ceil(spanMs / wantedSamples / 1000)) * 1000;
}

async function metricsOf(
  query: MetricQuery,
  { telemetry, from, to, pivotAt, budgetMs }: MetricsRequest,
): Promise<{ metrics: MetricFinding[]; gaps: EvidenceGap[] }> {
  const source = `metric ${query.id}`;
  const answer = await withinBudget(telemetry.range(query.promql, from, to, stepFor(from, to)), budgetMs);
  if (answer.kind === "gap") return { metrics: [], gaps: [{ source, reason: outsideText(answer.reason) }] };
  if (answer.value.length === 0) {
    return { metrics: [], gaps: [{ source, reason: "The query gives no series in this time." }] };
  }
  const compared = answer.value.map((series) => ({ series, comparison: compare(series, query, pivotAt) }));
  const judged = compared.map((one) => ({ ...one, comparison: asNewcomer(one, compared, query, from) }));
  const ranked = judged.toSorted(
    (a, b) =>
      trendOrder[a.comparison.trend] - trendOrder[b.comparison.trend] ||
      (labelText(a.series) < labelText(b.series) ? -1 : 1),
  );
  const gaps =
    ranked.length <= mostSeries
      ? []
      : [{ source, reason: `${ranked.length - mostSeries} of ${ranked.length} series are left out.` }];
  return {
    metrics: ranked
      .slice(0, mostSeries)
      .map(({ series, comparison }) => describeMetric(query, series, comparison)),
    gaps,
  };
}

interface Compared {
  series: Series;
  comparison: SeriesComparison;
}

const trendOrder: Record<MetricTrend, number> = {
  degraded: 0,
  recovered: 1,
  improved: 2,
  steady: 3,
  no_data: 4,
};

function compare({ points }: Series, query: MetricQuery, pivotAt: Instant): SeriesComparison {
  return compareSeries(points, {
    badDirection: query.badDirection,
    ceiling: ceilingOf(query.unit),
    pivotAt: Date.parse(pivotAt),
  });
}

/**
 * A series that appeared within the window (a variation nobody got before) has no level of its own to leave:
 * it counts as degraded from its beginning when it is worse than its siblings are.
 */
function asNewcomer(
  { series, comparison }: Compared,
  all: readonly Compared[],
  query: MetricQuery,
  from: Instant,
) {
  const { points } = series;
  const first = points[0];
  if (first === undefined || comparison.trend === "degraded" || !appeared(points, from)) return comparison;
  const siblings = all
    .filter((other) => !appeared(other.series.points, from))
    .flatMap((other) => other.series.points.filter(([at]) => at >= first[0]));
  if (points.length < 3 || siblings.length < 3) return comparison;
  if (!isWorse(badnessLevel(points, query), badnessLevel(siblings, query))) return comparison;
  const newcomer: SeriesComparison = {
    before: figuresOf([]),
    after: figuresOf(points),
    trend: "degraded",
    onsetAt: toInstant(first[0]),
  };
  return newcomer;
}

/** Its first sample is later than the start of the window by more than a scrape or two would explain. */
function appeared(points: readonly Point[], from: Instant): boolean {
  const first = points[0];
  return first !== undefined && first[0] - Date.parse(from) > 120_000;
}

function badnessLevel(points: readonly Point[], { badDirection, unit }: MetricQuery): number {
  const ceiling = ceilingOf(unit);
  return median(points.map(([, value]) => badnessOf(value, { badDirection, ceiling })));
}

function describeMetric(
  query: MetricQuery,
  { labels, points }: Series,
  comparison: SeriesComparison,
): MetricFinding {
  const { before, after, trend, onsetAt } = comparison;
  const shown = Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name !== "__name__")
      .slice(0, 12)
      .map(([name, value]) => [outsideText(name, 80), outsideText(value, 120)]),
  );
  const label = labelText({ labels: shown });
  return {
    kind: "metric",
    title: outsideText(`${query.title}${label === "" ? "" : ` (${label})`}: ${trendWords[trend]}`),
    text: [
      ...(onsetAt === null ? [] : [`Left its level at ${timeWords(onsetAt)}${changeWords(comparison)}.`]),
      `Before: ${figuresWords(before, query.unit)}.`,
      `After: ${figuresWords(after, query.unit)}.`,
      ...latestWords(points, query.unit),
    ],
    queryId: query.id,
    unit: query.unit,
    badDirection: query.badDirection,
    labels: shown,
    before,
    after,
    trend,
    onsetAt,
    shift: null,
    cohort: variationIn(shown),
    points: thinned(points),
  };
}

const trendWords: Record<MetricTrend, string> = {
  degraded: "worse than before",
  recovered: "was worse and is back",
  improved: "better than before",
  steady: "no change",
  no_data: "too few samples",
};

function changeWords({ before, after }: SeriesComparison): string {
  if (before.mean === null || after.mean === null || before.mean <= 0) return "";
  return `, ${Number((after.mean / before.mean).toPrecision(2))} times its earlier mean`;
}

function latestWords(points: readonly Point[], unit: string): string[] {
  const last = points.at(-1);
  return last === undefined
    ? []
    : [`Latest: ${figureWords(last[1], unit)} at ${timeWords(toInstant(last[0]))}.`];
}

function labelText({ labels }: Pick<Series, "labels">): string {
  return Object.entries(labels)
    .filter(([name]) => name !== "__name__")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

/** The median of every group of neighbours, so that a plot shows the level and its jump, not every spike. */
function thinned(points: readonly Point[]): [number, number][] {
  const size = Math.ceil(points.length / plottedPoints);
  const groups = Array.from({ length: Math.ceil(points.length / Math.max(1, size)) }, (_, index) =>
    points.slice(index * size, (index + 1) * size),
  );
  return groups.map((group) => [group.at(-1)?.[0] ?? 0, median(group.map(([, value]) => value))]);
}
