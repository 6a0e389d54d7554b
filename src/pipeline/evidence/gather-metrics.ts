import type { EvidenceGap, MetricTrend } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { type Instant, later, toInstant } from "../../domain/ids.ts";
import type { MetricQuery } from "../../domain/service.ts";
import {
  badnessOf,
  ceilingOf,
  compareSeries,
  figuresOf,
  isWorse,
  leastSamples,
  type Point,
  type SeriesComparison,
} from "./compare-series.ts";
import { variationIn } from "./compare-cohorts.ts";
import { dateOnset } from "./date-onset.ts";
import { describeMetric, labelText, type MetricFinding } from "./describe-metric.ts";
import type { Series, Telemetry } from "../ports/telemetry.ts";
import { median } from "./robust-statistics.ts";
import { measuredEvery } from "./without-repeats.ts";
import { withinBudget } from "./within-budget.ts";

export interface MetricsRequest {
  telemetry: Telemetry;
  queries: readonly MetricQuery[];
  from: Instant;
  to: Instant;
  /** Where before and after meet when a series shows no shift. */
  pivotAt: Instant;
  /** What every query may take; they are asked at the same time. */
  budgetMs: number;
  /** Between samples; absent: as fine as is useful over the whole time. */
  stepMs?: number;
}

export interface MetricsFound {
  metrics: MetricFinding[];
  gaps: EvidenceGap[];
  /** When a series that shows nothing yet has samples enough after the alert; null where every one has. */
  enoughAt: Instant | null;
}

/** Samples asked for per series: fine enough to date a shift, few enough for any server. */
const wantedSamples = 720;
const mostQueries = 24;
/** Series of one query that are compared at all, and those that become evidence. */
const mostCompared = 100;
const mostSeries = 12;

/** Every query's series compared before and after, in the order of the queries. */
export async function gatherMetrics(request: MetricsRequest): Promise<MetricsFound> {
  const queries = request.queries.slice(0, mostQueries);
  const found = await Promise.all(queries.map((query) => metricsOf(query, request)));
  const left = request.queries.length - queries.length;
  const cut = left > 0 ? [{ source: "metrics", reason: `${left} queries were not asked; too many.` }] : [];
  const waits = found.flatMap(({ enoughAt }) => (enoughAt === null ? [] : [enoughAt]));
  return {
    metrics: found.flatMap(({ metrics }) => metrics),
    gaps: [...found.flatMap(({ gaps }) => gaps), ...cut],
    enoughAt: waits.toSorted().at(-1) ?? null,
  };
}

/** Milliseconds between samples, in whole seconds. */
export function stepFor(from: Instant, to: Instant): number {
  const spanMs = Date.parse(to) - Date.parse(from);
  return Math.max(1, Math.ceil(spanMs / wantedSamples / 1000)) * 1000;
}

async function metricsOf(
  query: MetricQuery,
  { telemetry, from, to, pivotAt, budgetMs, stepMs = stepFor(from, to) }: MetricsRequest,
): Promise<MetricsFound> {
  const source = `metric ${query.id}`;
  const nothing = (reason: string): MetricsFound => {
    return { metrics: [], gaps: [{ source, reason }], enoughAt: null };
  };
  if (isRawCounter(query.promql)) {
    return nothing("The query is a counter, which only grows; put rate(…[5m]) around it in the catalogue.");
  }
  const answer = await withinBudget(() => telemetry.range(query.promql, from, to, stepMs), budgetMs);
  if (answer.kind === "gap") return nothing(outsideText(answer.reason));
  if (answer.value.length === 0) return nothing("The query gives no series in this time.");
  const all = answer.value.toSorted((a, b) => (labelText(a) < labelText(b) ? -1 : 1));
  const compared = all
    .slice(0, mostCompared)
    .map((series) => ({ series, comparison: compare(series, query, pivotAt) }));
  const judged = compared.map((one) => ({ ...one, comparison: asNewcomer(one, compared, query, from) }));
  const ranked = judged.toSorted((a, b) => trendOrder[a.comparison.trend] - trendOrder[b.comparison.trend]);
  const shown = ranked.slice(0, mostSeries);
  return {
    metrics: shown.map((one) => ({
      ...describeMetric(query, one.series, one.comparison, to),
      ...begunBetween(one, query),
    })),
    gaps:
      all.length <= mostSeries
        ? []
        : [{ source, reason: `${all.length - mostSeries} of ${all.length} series are left out.` }],
    enoughAt: enoughAt(shown, Date.parse(pivotAt), Date.parse(to), stepMs),
  };
}

/** A counter of Prometheus' naming without any function that makes a rate of it. */
function isRawCounter(promql: string): boolean {
  return (
    /\b[a-zA-Z_:][a-zA-Z0-9_:]*_(?:total|bucket|count|sum)\b/.test(promql) &&
    !/\b(?:rate|irate|increase|delta|idelta|deriv|resets|changes|histogram_quantile|\w+_over_time)\s*\(/.test(
      promql,
    ) &&
    !/[-/]/.test(promql.replaceAll(/"(?:[^"\\]|\\.)*"/g, ""))
  );
}

/**
 * Less than `leastSamples` measurements after the alert cannot tell whether anything changed. When there will be so
 * many; null where they are there, or where something shows already.
 */
function enoughAt(
  compared: readonly Compared[],
  alertAt: number,
  to: number,
  stepMs: number,
): Instant | null {
  if (compared.some(({ comparison: { trend } }) => trend === "degraded" || trend === "recovered"))
    return null;
  const waits = compared.map(({ series }) => {
    const everyMs = Math.max(stepMs, measuredEvery(series.points) ?? 0);
    return alertAt + (leastSamples + 1) * everyMs;
  });
  const latest = Math.max(...waits);
  return latest > to ? toInstant(latest) : null;
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

/** Only of what is measured over all users: nothing is dated by one variation. */
function begunBetween({ series, comparison: { trend, onsetAt } }: Compared, query: MetricQuery) {
  if (trend !== "degraded" || onsetAt === null || variationIn(series.labels) !== null) return {};
  const { badDirection, unit } = query;
  const dating = dateOnset(series.points, Date.parse(onsetAt), { badDirection, ceiling: ceilingOf(unit) });
  return dating === null ? {} : { begunBetween: { from: toInstant(dating.from), to: toInstant(dating.to) } };
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
  // Moment by moment: a sibling that nobody gets any more ends soon after.
  const beside = Map.groupBy(
    all
      .filter((other) => !appeared(other.series.points, from))
      .flatMap((other) => other.series.points.filter(([at]) => at >= first[0])),
    ([at]) => at,
  );
  const together = points.filter(([at]) => beside.has(at));
  if (together.length < leastSamples) return comparison;
  const siblings = together.flatMap(([at]) => beside.get(at) ?? []);
  if (!isWorse(badnessLevel(together, query), badnessLevel(siblings, query))) return comparison;
  const newcomer: SeriesComparison = {
    before: figuresOf([]),
    after: figuresOf(points),
    trend: "degraded",
    onsetAt: toInstant(first[0]),
    shift: null,
  };
  return newcomer;
}

/** Its first sample is later than the start of the window by more than a scrape or two would explain. */
function appeared(points: readonly Point[], from: Instant): boolean {
  const first = points[0];
  return first !== undefined && toInstant(first[0]) > later(from, 120_000);
}

function badnessLevel(points: readonly Point[], { badDirection, unit }: MetricQuery): number {
  const ceiling = ceilingOf(unit);
  return median(points.map(([, value]) => badnessOf(value, { badDirection, ceiling })));
}
