import type { EvidenceOf, MetricTrend } from "../../domain/evidence/evidence.ts";
import { figuresWords, figureWords, spanWords, timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import { gone, namesSecret } from "../../domain/redact.ts";
import type { MetricQuery } from "../../domain/service.ts";
import { variationIn } from "./compare-cohorts.ts";
import type { Point, SeriesComparison } from "./compare-series.ts";
import type { Unnumbered } from "./describe-flag-change.ts";
import type { Series } from "../ports/telemetry.ts";
import { median } from "./robust-statistics.ts";

export type MetricFinding = Unnumbered<EvidenceOf<"metric">>;

const plottedPoints = 240;
const mostLabels = 12;
/** A series that ended this long before the window did is said to have ended. */
const silentMs = 5 * 60_000;

/** One series and what became of it, units kept. `to`: when it was looked at. */
export function describeMetric(
  query: MetricQuery,
  { labels, points }: Series,
  comparison: SeriesComparison,
  to: Instant,
): MetricFinding {
  const { before, after, trend, onsetAt, shift } = comparison;
  const shown = Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name !== "__name__")
      .slice(0, mostLabels)
      .map(([name, value]) => [outsideText(name, 80), namesSecret(name) ? gone : outsideText(value, 120)]),
  );
  const label = labelText({ labels: shown });
  return {
    kind: "metric",
    title: outsideText(`${query.title}${label === "" ? "" : ` (${label})`}: ${trendWords[trend]}`),
    text: [
      ...(onsetAt === null
        ? []
        : [`Left its level at ${timeWords(onsetAt)}${shiftWords(comparison, query)}.`]),
      `Before: ${figuresWords(before, query.unit)}.`,
      `After: ${figuresWords(after, query.unit)}.`,
      ...latestWords(points, query.unit, to),
    ],
    queryId: query.id,
    unit: query.unit,
    badDirection: query.badDirection,
    labels: shown,
    before,
    after,
    trend,
    onsetAt,
    shift: shift === null ? null : rounded(shift),
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

/** ", by +1.6 s (3 times as much, 21 times its noise)" */
function shiftWords({ shift }: SeriesComparison, { unit }: MetricQuery): string {
  if (shift === null) return "";
  const { size, relative, score } = shift;
  const times = relative === null ? "" : `${Number((1 + relative).toPrecision(2))} times as much, `;
  const sign = size > 0 ? "+" : "";
  return `, by ${sign}${figureWords(size, unit)} (${times}${Number(score.toPrecision(2))} times its noise)`;
}

function rounded({ size, relative, score }: NonNullable<SeriesComparison["shift"]>) {
  return {
    size: fourDigits(size),
    relative: relative === null ? null : fourDigits(relative),
    score: fourDigits(score),
  };
}

function fourDigits(value: number): number {
  return Number(value.toPrecision(4));
}

function latestWords(points: readonly Point[], unit: string, to: Instant): string[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  const silence = Date.parse(to) - last[0];
  return [
    `Latest: ${figureWords(last[1], unit)} at ${timeWords(toInstant(last[0]))}.`,
    ...(silence > silentMs ? [`No samples for ${spanWords(silence)} since then.`] : []),
  ];
}

/** Labels in words, equal for equal label sets. */
export function labelText({ labels }: Pick<Series, "labels">): string {
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
