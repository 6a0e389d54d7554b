import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { badnessOf, ceilingOf } from "../evidence/compare-series.ts";
import { variationIn } from "../evidence/compare-cohorts.ts";
import { kindOf } from "../evidence/kind-of-metric.ts";
import { troubleBeganAt } from "../trouble-began-at.ts";

export type FlagChange = EvidenceOf<"flag_change">;
export type Metric = EvidenceOf<"metric">;

/** Shifts are dated late rather than early, and clocks agree within seconds: a change this much later may still be first. */
export const datingToleranceMs = 10_000;
/** The clocks of whoever sends alerts, of the flag platform and of the metrics differ by about as much. */
const clockToleranceMs = 60_000;
/** Metrics that get worse within this time are taken for signs of one trouble. */
const sameTroubleMs = 15 * 60_000;
/** From so many times its noise on a shift is clear, and well dated. */
const clearScore = 4;

/**
 * The metric that got worse most, those over all users before those of one variation, and those whose shift is clear
 * before those in whose noise it nearly drowns. Undefined: none got worse. A series of one variation counts only where
 * nothing measures the same over all users: those would show it if it were a trouble.
 */
export function worstMetric(evidence: Evidence): Metric | undefined {
  const metrics = itemsOf(evidence, "metric");
  const degraded = metrics.filter(
    (metric) =>
      metric.trend === "degraded" && (labelled(metric) === 0 || !isMeasuredOverAll(metric, metrics)),
  );
  return degraded.toSorted(
    (a, b) =>
      labelled(a) - labelled(b) ||
      old(a, evidence) - old(b, evidence) ||
      unclear(a) - unclear(b) ||
      severity(b) - severity(a) ||
      (a.queryId < b.queryId ? -1 : 1),
  )[0];
}

function isMeasuredOverAll({ unit }: Metric, metrics: readonly Metric[]): boolean {
  return metrics.some(
    (other) => labelled(other) === 0 && other.trend !== "no_data" && kindOf(other.unit) === kindOf(unit),
  );
}

/** Epoch milliseconds between which something lies. */
export interface Span {
  from: number;
  to: number;
}

/**
 * When the trouble began, by the metrics and by the alert: whichever is earlier, because an alert cannot come before
 * what it is about, and a slow window dates a shift late. Of the alert's word so much is taken off as clocks differ. Null
 * where no metric got worse.
 */
export function troubleOnset(evidence: Evidence, incident: IncidentState): Instant | null {
  const span = troubleSpan(evidence);
  if (span === null) return null;
  const alerted = Date.parse(troubleBeganAt(incident)) + clockToleranceMs;
  return toInstant(Math.min(alerted, span.to));
}

/**
 * Between when and when the trouble began, by its first signs: those that may have begun together are one trouble, and
 * narrow each other down. What got worse long before the worst is another matter.
 */
export function troubleSpan(evidence: Evidence): Span | null {
  const worst = worstMetric(evidence);
  const own = worst === undefined ? null : spanOf(worst);
  if (own === null) return null;
  const clear = itemsOf(evidence, "metric").filter(
    (metric) => metric.trend === "degraded" && labelled(metric) === 0 && unclear(metric) === 0,
  );
  const signs = [own, ...clear.map(spanOf).filter((span) => span !== null)]
    .filter(({ to }) => own.to - to <= sameTroubleMs)
    .toSorted((a, b) => a.to - b.to);
  return signs.reduce<Span>(
    (first, { from }) => (from <= first.to ? { from: Math.max(first.from, from), to: first.to } : first),
    signs[0] ?? own,
  );
}

function spanOf({ onsetAt, begunBetween }: Metric): Span | null {
  if (onsetAt === null) return null;
  const { from, to } = begunBetween ?? { from: onsetAt, to: onsetAt };
  return { from: Date.parse(from), to: Date.parse(to) };
}

/** True unless only words (name, description, tags) or nothing at all was changed. */
export function changedBehaviour({ gained, movedPercent, targetsMoved }: FlagChange): boolean {
  return gained.length > 0 || movedPercent === null || movedPercent > 0 || targetsMoved > 0;
}

/** Changes that came before the trouble, changed what users get and are still in effect; the latest first. */
export function orderedSuspects(evidence: Evidence, incident: IncidentState): FlagChange[] {
  // Where the two differ the earlier one counts: what came between them is no cause of which one could be sure.
  const onsets = [troubleOnset(evidence, incident), worstMetric(evidence)?.onsetAt ?? null, evidence.to];
  const latest = Math.min(...onsets.flatMap((at) => (at === null ? [] : Date.parse(at)))) + datingToleranceMs;
  return itemsOf(evidence, "flag_change")
    .filter((change) => change.inEffect && changedBehaviour(change) && Date.parse(change.at) <= latest)
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at) || (a.auditId < b.auditId ? -1 : 1));
}

/** No trouble that is looked at now began so long ago. */
const oldMs = 60 * 60_000;

function old({ onsetAt }: Metric, { to }: Evidence): number {
  return onsetAt !== null && Date.parse(to) - Date.parse(onsetAt) > oldMs ? 1 : 0;
}

function unclear({ shift }: Metric): number {
  return shift === null || shift.score < clearScore ? 1 : 0;
}

function labelled({ labels }: Metric): number {
  return variationIn(labels) === null ? 0 : 1;
}

/** How many times worse, 1 = no worse; a metric without an earlier level counts as twice as bad. */
function severity({ before, after, badDirection, unit }: Metric): number {
  if (before.mean === null || after.mean === null) return 2;
  const [was, is] = [before.mean, after.mean].map((value) =>
    Math.abs(badnessOf(value, { badDirection, ceiling: ceilingOf(unit) })),
  );
  const ratio = (is ?? 0) / Math.max(was ?? 0, Number.EPSILON);
  return badDirection === "up" || ceilingOf(unit) !== null ? ratio : 1 / Math.max(ratio, Number.EPSILON);
}
