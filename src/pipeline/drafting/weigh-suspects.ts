import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import type { EvidenceId } from "../../domain/evidence/evidence-id.ts";
import { spanWords } from "../../domain/evidence/evidence-words.ts";
import type { Instant } from "../../domain/ids.ts";
import { type CohortFinding, compareCohorts } from "../evidence/compare-cohorts.ts";
import { changedBehaviour, datingToleranceMs, type FlagChange, type Metric } from "./order-suspects.ts";

/** A change whose effect is not measured per variation is suspect only if the trouble followed this soon … */
export const soonMs = 3 * 60_000;
/** … and one that is, this soon: caches and sessions delay some effects. */
const eventuallyMs = 45 * 60_000;
/** Two things this far apart are told apart with some certainty. */
export const nearMs = 5 * 60_000;
/** A share of failures may exceed the share of users by this factor before the change is too small to explain it. */
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

/** Deploys that lie between the change and the onset, so that they are the nearer cause. */
export function deploysBetween(
  evidence: Evidence,
  changeAt: Instant,
  onset: Instant,
): EvidenceOf<"deploy">[] {
  const [from, to] = [Date.parse(changeAt), Date.parse(onset) + datingToleranceMs];
  return itemsOf(evidence, "deploy").filter(({ at }) => Date.parse(at) > from && Date.parse(at) <= to);
}

function weigh(change: FlagChange, evidence: Evidence, onset: Instant, worst: Metric): WeighedChange {
  const leadMs = Date.parse(onset) - Date.parse(change.at);
  const cohorts = compareCohorts(change, onset, evidence);
  const impossibleBecause = impossible(change, leadMs, cohorts);
  const limitMs = cohorts.verdict === "confirms" ? eventuallyMs : soonMs;
  return {
    change,
    leadMs,
    cohorts,
    impossibleBecause,
    clearedBecause: impossibleBecause ?? unlikely(change, leadMs, limitMs, worst),
    competes:
      impossibleBecause === null && unlikely(change, leadMs, Math.max(limitMs, nearMs), worst) === null,
    citations: [change.id, worst.id, ...cohorts.citations],
  };
}

function impossible(change: FlagChange, leadMs: number, { verdict }: CohortFinding): string | null {
  if (!changedBehaviour(change)) return "it changed nothing that users get";
  if (!change.inEffect) return "it is not in effect any more";
  if (leadMs < -datingToleranceMs) return `it came ${spanWords(leadMs)} after the trouble had begun`;
  if (verdict === "contradicts") return "the users it gave another variation fare no worse than the others";
  return null;
}

function unlikely(change: FlagChange, leadMs: number, limitMs: number, worst: Metric): string | null {
  if (leadMs > limitMs) return `it came ${spanWords(leadMs)} before the trouble began, which is long`;
  if (change.movedPercent === null) return "how far it reaches cannot be told from the flag alone";
  if (tooSmall(change, worst)) return "it reaches too few users to explain so large a rise";
  return null;
}

/** A share of failures over all users can hardly rise by more than the share of users that a change reached. */
function tooSmall(
  { movedPercent, targetsMoved }: FlagChange,
  { unit, before, after, badDirection }: Metric,
): boolean {
  if (movedPercent === null || targetsMoved > 0 || badDirection !== "up") return false;
  if (before.mean === null || after.mean === null || (unit !== "%" && unit !== "ratio")) return false;
  const risePercent = (after.mean - before.mean) * (unit === "ratio" ? 100 : 1);
  return risePercent > movedPercent * reachMargin;
}
