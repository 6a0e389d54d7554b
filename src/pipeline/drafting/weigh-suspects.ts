import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import type { EvidenceId } from "../../domain/evidence/evidence-id.ts";
import { spanWords } from "../../domain/evidence/evidence-words.ts";
import type { Instant } from "../../domain/ids.ts";
import { type CohortFinding, compareCohorts, variationIn } from "../evidence/compare-cohorts.ts";
import { badnessOf, ceilingOf } from "../evidence/compare-series.ts";
import { quantileOf, wholeOf } from "../evidence/kind-of-metric.ts";
import { median } from "../evidence/robust-statistics.ts";
import { changedBehaviour, datingToleranceMs, type FlagChange, type Metric } from "./order-suspects.ts";

/**
 * A change whose effect is not measured per variation is suspect only if the trouble followed this soon: FeatBit streams
 * a change within a second, clients that poll have it within a minute. The longer, the likelier is mere chance.
 */
const promptlyMs = 60_000;
/** A metric that rises slowly is dated no better than by half of its rise; no allowance is larger than this. */
const mostBlurMs = 60_000;
/** Where flags are changed often, one of them is near any trouble: time alone may err in so many of a hundred cases. */
const mostChance = 0.05;
/** No trouble that time alone links to a change begins later than this. */
export const soonMs = promptlyMs + mostBlurMs;
/** A change that is measured per variation may take this long: caches and sessions delay some effects. */
const eventuallyMs = 45 * 60_000;
/** Two things this far apart are told apart with some certainty. */
export const nearMs = 5 * 60_000;
/** A version is seen this much later than it takes traffic: by a scrape, or when its pipeline ends. */
const seenLateMs = 30_000;
/** A restless or slow metric may be dated too early by as much. */
const doubtMs = 90_000;
/** Users of a variation that nobody had before are counted this soon. */
const appearsWithinMs = 2 * 60_000;
/** An effect may exceed what the share of users allows by this factor: they may be the busiest ones. */
const reachMargin = 1.5;

export interface WeighedChange {
  change: FlagChange;
  /** How long before the onset it came; negative: after. */
  leadMs: number;
  cohorts: CohortFinding;
  /** Why it cannot be to blame, whoever says so; null: it could be. */
  impossibleBecause: string | null;
  /** Why the rules do not blame it, the impossible included; null: it is suspect. */
  clearedBecause: string | null;
  /** True where it is near enough to make blaming another change a guess, though perhaps not blamed itself. */
  competes: boolean;
  citations: EvidenceId[];
}

/** Every flag change of the window held against the onset and the evidence; the most suspect first. */
export function weighSuspects(evidence: Evidence, onset: Instant, worst: Metric): WeighedChange[] {
  return itemsOf(evidence, "flag_change")
    .map((change) => weigh(change, evidence, onset, worst))
    .toSorted(
      (a, b) =>
        Number(a.clearedBecause !== null) - Number(b.clearedBecause !== null) ||
        Number(b.cohorts.verdict === "confirms") - Number(a.cohorts.verdict === "confirms") ||
        Math.abs(a.leadMs) - Math.abs(b.leadMs) ||
        (a.change.auditId < b.change.auditId ? -1 : 1),
    );
}

export type OtherChange = EvidenceOf<"deploy"> | EvidenceOf<"change">;

/** Deploys, and whatever else was changed outside of flags, the oldest first. */
export function otherChanges(evidence: Evidence): OtherChange[] {
  return [...itemsOf(evidence, "deploy"), ...itemsOf(evidence, "change")].toSorted(
    (a, b) => Date.parse(a.at) - Date.parse(b.at),
  );
}

/** Those that lie between the change of a flag and the onset, so that they are the nearer cause. */
export function deploysBetween(evidence: Evidence, changeAt: Instant, onset: Instant): OtherChange[] {
  const [from, to] = [Date.parse(changeAt), Date.parse(onset) + seenLateMs];
  return otherChanges(evidence).filter(({ at }) => Date.parse(at) > from && Date.parse(at) <= to);
}

function weigh(change: FlagChange, evidence: Evidence, onset: Instant, worst: Metric): WeighedChange {
  const leadMs = Date.parse(onset) - Date.parse(change.at);
  const found = compareCohorts(change, onset, evidence);
  const cohorts: CohortFinding = isAnothers(change, evidence) ? { verdict: "silent", citations: [] } : found;
  const small = tooSmall(change, worst);
  const impossibleBecause = impossible(change, leadMs, cohorts) ?? small;
  const limitMs = cohorts.verdict === "confirms" ? eventuallyMs : patienceMs(evidence, onset, worst);
  return {
    change,
    leadMs,
    cohorts,
    impossibleBecause,
    clearedBecause: impossibleBecause ?? unlikely(change, leadMs, limitMs),
    competes: small === null && competes(change, leadMs, limitMs, cohorts),
    citations: [change.id, worst.id, ...cohorts.citations],
  };
}

/** How long before the onset a change may lie to be suspect by time alone. */
function patienceMs(evidence: Evidence, onset: Instant, worst: Metric): number {
  const changes = itemsOf(evidence, "flag_change").filter(changedBehaviour);
  const windowMs = Date.parse(onset) - Date.parse(evidence.from);
  const byChanceMs = (mostChance * windowMs) / Math.max(1, changes.length);
  return Math.min(byChanceMs, promptlyMs + Math.min(mostBlurMs, halfRiseMs(worst)));
}

/** How long the metric took from its onset to half of what it came to: 0 for a step, half the window for a rate. */
function halfRiseMs({ points, onsetAt, before, badDirection, unit }: Metric): number {
  if (onsetAt === null || before.mean === null) return 0;
  const onset = Date.parse(onsetAt);
  const badness = (value: number) => badnessOf(value, { badDirection, ceiling: ceilingOf(unit) });
  const since = points.filter(([at]) => at >= onset).map(([at, value]) => [at, badness(value)] as const);
  const settled = median(since.slice(-Math.ceil(since.length / 3)).map(([, value]) => value));
  const half = (badness(before.mean) + settled) / 2;
  const reached = since.find(([, value]) => value >= half);
  return reached === undefined ? 0 : reached[0] - onset;
}

/**
 * True where the series of the variations that this change gave to more users are another flag's, whose variations are
 * called the same. A series that does not name its flag belongs to the change with which it appeared.
 */
function isAnothers(change: FlagChange, evidence: Evidence): boolean {
  const namesakes = itemsOf(evidence, "flag_change").filter(
    ({ ref, gainedNames }) =>
      ref.key !== change.ref.key && gainedNames.some((name) => change.gainedNames.includes(name)),
  );
  const mine = itemsOf(evidence, "metric").filter(({ labels }) =>
    change.gainedNames.includes(variationIn(labels)?.variation ?? ""),
  );
  if (namesakes.length === 0 || mine.some(({ labels }) => variationIn(labels)?.flagKey === change.ref.key))
    return false;
  const cameWith = ({ at }: FlagChange) =>
    mine.some(({ points: [first] }) => {
      const sinceMs = first === undefined ? -Infinity : first[0] - Date.parse(at);
      return sinceMs >= -datingToleranceMs && sinceMs <= appearsWithinMs;
    });
  return !cameWith(change) && namesakes.some(cameWith);
}

function impossible(change: FlagChange, leadMs: number, { verdict }: CohortFinding): string | null {
  if (!changedBehaviour(change)) return "it changed nothing that users get";
  if (!change.inEffect) return "it is not in effect any more";
  if (leadMs < -datingToleranceMs) return `it came ${spanWords(leadMs)} after the trouble had begun`;
  if (verdict === "contradicts") return "the users it gave another variation fare no worse than the others";
  return null;
}

/** Near enough to the onset, on either side of it, that with the doubt of its dating this change may have been first. */
function competes(change: FlagChange, leadMs: number, limitMs: number, { verdict }: CohortFinding): boolean {
  if (!changedBehaviour(change) || !change.inEffect || verdict === "contradicts") return false;
  return leadMs >= -doubtMs && unlikely(change, leadMs, Math.max(limitMs, nearMs)) === null;
}

function unlikely(change: FlagChange, leadMs: number, limitMs: number): string | null {
  if (leadMs > limitMs) return `it came ${spanWords(leadMs)} before the trouble began, which is long`;
  if (change.movedPercent === null) return "how far it reaches cannot be told from the flag alone";
  return null;
}

/**
 * A change can do no more than its users can: failures rise by no more than the share of users that it reached, what
 * falls loses no more than their share, and the slowest twentieth of all stays as it is while fewer are slow.
 */
function tooSmall({ movedPercent, targetsMoved }: FlagChange, worst: Metric): string | null {
  // How many requests come from individually targeted users nobody can tell.
  if (movedPercent === null || targetsMoved > 0) return null;
  const { before, after, badDirection } = worst;
  const share = movedPercent / 100;
  if (before.mean === null || after.mean === null) return null;
  const whole = wholeOf(worst);
  if (badDirection === "down") {
    const lost = whole === null ? 1 - after.mean / before.mean : (before.mean - after.mean) / whole;
    return before.mean > 0 && lost > share * reachMargin
      ? "it reaches too few users to explain so deep a fall"
      : null;
  }
  if (whole !== null && (after.mean - before.mean) / whole > share * reachMargin) {
    return "it reaches too few users to explain so large a rise";
  }
  const quantile = quantileOf(worst);
  return quantile !== null && share * reachMargin < 1 - quantile
    ? `it reaches too few users to move the ${worst.queryId}`
    : null;
}
