import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import type { EvidenceId } from "../../domain/evidence/evidence-id.ts";
import { spanWords } from "../../domain/evidence/evidence-words.ts";
import type { Instant } from "../../domain/ids.ts";
import { type CohortFinding, compareCohorts, variationIn } from "../evidence/compare-cohorts.ts";
import { quantileOf, wholeOf } from "../evidence/kind-of-metric.ts";
import {
  changedBehaviour,
  datingToleranceMs,
  type FlagChange,
  type Metric,
  troubleSpan,
} from "./order-suspects.ts";

/**
 * How soon a change shows: so much of all effects until so long after it. FeatBit streams a change within a second,
 * clients that poll have it within a minute; caches and sessions delay some effects. What is left needs longer still.
 */
const effects: readonly { untilMs: number; share: number }[] = [
  { untilMs: 60_000, share: 0.6 },
  { untilMs: 2 * 60_000, share: 0.2 },
  { untilMs: 5 * 60_000, share: 0.15 },
];
/** A change nearer than this is no long way off, whatever the metrics say of when the trouble began. */
export const soonMs = 2 * 60_000;
/** Against mere chance a change must be this likely to be the cause, time alone considered; it is no surer than that. */
const leastSure = 0.92;
/** What cannot be dated better than so is not blamed by time alone; such a change is as likely chance as cause. */
const mostWidthMs = 5 * 60_000;
const unsureOdds = 1;
/** Another change leaves it open which it was where it is at least this part as likely. */
const rivalPart = 0.05;
/** Even where no other flag changed, one may by chance: as if half a change had been seen. */
const unseenChanges = 0.5;
/** A change that is measured per variation may take this long: caches and sessions delay some effects. */
const eventuallyMs = 45 * 60_000;
/** Two things this far apart are told apart with some certainty. */
export const nearMs = 5 * 60_000;
/** A version is seen this much later than it takes traffic: by a scrape, or when its pipeline ends. */
const seenLateMs = 30_000;
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
  /** How many times likelier it is that it did it than that it came at this time by chance, by time alone. */
  odds: number;
  /** True where blaming the first of all would be a guess beside it, though perhaps it is not blamed itself. */
  competes: boolean;
  citations: EvidenceId[];
}

/** Every flag change of the window held against the onset and the evidence; the most suspect first. */
export function weighSuspects(evidence: Evidence, onset: Instant, worst: Metric): WeighedChange[] {
  const weighed = itemsOf(evidence, "flag_change")
    .map((change) => weigh(change, evidence, onset, worst))
    .toSorted(
      (a, b) =>
        Number(a.clearedBecause !== null) - Number(b.clearedBecause !== null) ||
        Number(b.cohorts.verdict === "confirms") - Number(a.cohorts.verdict === "confirms") ||
        b.odds - a.odds ||
        Math.abs(a.leadMs) - Math.abs(b.leadMs) ||
        (a.change.auditId < b.change.auditId ? -1 : 1),
    );
  const least = (weighed[0]?.odds ?? 0) * rivalPart;
  return weighed.map((one) => ({ ...one, competes: one.odds > 0 && one.odds >= least }));
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
  const found = compareCohorts(change, onset, evidence, worst);
  const cohorts: CohortFinding = isAnothers(change, evidence) ? { verdict: "silent", citations: [] } : found;
  const small = tooSmall(change, worst);
  const impossibleBecause = impossible(change, leadMs, cohorts) ?? small;
  const odds = impossibleBecause === null ? oddsOf(change, evidence, Date.parse(onset)) : 0;
  return {
    change,
    leadMs,
    cohorts,
    impossibleBecause,
    clearedBecause: impossibleBecause ?? unlikely(change, leadMs, cohorts, odds),
    odds,
    competes: false,
    citations: [change.id, worst.id, ...cohorts.citations],
  };
}

/** How often effects follow so soon, over how often flags of this service are changed anyway. */
function oddsOf({ at, ref }: FlagChange, evidence: Evidence, onset: number): number {
  const span = troubleSpan(evidence);
  const to = span === null || onset < span.from ? onset : Math.min(onset, span.to);
  const from = Math.min(to, span?.from ?? to);
  const others = itemsOf(evidence, "flag_change").filter(
    (other) => other.ref.key !== ref.key && changedBehaviour(other),
  );
  const windowMs = onset - Date.parse(evidence.from);
  const perMs = (others.length + unseenChanges) / Math.max(windowMs, nearMs);
  // Clocks differ by seconds, so that an onset just before the change may be one after it.
  const soonest = Date.parse(at) - datingToleranceMs;
  const widthMs = Math.max(to - from, datingToleranceMs);
  if (widthMs > mostWidthMs) return unsureOdds;
  return (shownWithin(to - soonest) - shownWithin(to - widthMs - soonest)) / widthMs / perMs;
}

/** The share of effects that have shown so many milliseconds after a change. */
function shownWithin(ms: number): number {
  if (ms <= 0) return 0;
  let [share, since] = [0, 0];
  for (const { untilMs, share: part } of effects) {
    if (ms <= untilMs) return share + (part * (ms - since)) / (untilMs - since);
    [share, since] = [share + part, untilMs];
  }
  return share + ((1 - share) * Math.min(ms, eventuallyMs) - (1 - share) * since) / (eventuallyMs - since);
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

function unlikely(
  { movedPercent }: FlagChange,
  leadMs: number,
  { verdict }: CohortFinding,
  odds: number,
): string | null {
  if (leadMs > eventuallyMs) return `it came ${spanWords(leadMs)} before the trouble began, which is long`;
  if (movedPercent === null) return "how far it reaches cannot be told from the flag alone";
  if (verdict === "confirms" || odds / (1 + odds) >= leastSure) return null;
  return leadMs > soonMs
    ? `it came ${spanWords(leadMs)} before the trouble began, which is long`
    : "it may have come before the trouble by chance, because when that began is not known well enough for how often flags change";
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
