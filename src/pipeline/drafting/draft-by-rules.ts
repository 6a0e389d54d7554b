import {
  type Assessment,
  type Candidate,
  type CauseClass,
  type Confidence,
  rulesRoute,
  type Suspect,
} from "../../domain/assessment.ts";
import { itemsOf } from "../../domain/evidence/evidence.ts";
import { spanWords, timeWords } from "../../domain/evidence/evidence-words.ts";
import { type Instant, later } from "../../domain/ids.ts";
import { countFiring } from "../../domain/incident/incident.ts";
import { capConfidence, lacksMetrics } from "./cap-confidence.ts";
import { datingToleranceMs, type Metric, troubleOnset, worstMetric } from "./order-suspects.ts";
import type { DraftBrief } from "../ports/drafter.ts";
import { troubleBeganAt } from "../trouble-began-at.ts";
import {
  deploysBetween,
  nearMs,
  type OtherChange,
  otherChanges,
  type WeighedChange,
  weighSuspects,
} from "./weigh-suspects.ts";

/** A version takes traffic step by step, so what it breaks may break this much later. */
const takesTrafficMs = 10 * 60_000;
/** No alert waits this long before it burns. */
const mostPatienceMs = 45 * 60_000;

type Conclusion = Pick<
  Assessment,
  "cause" | "summary" | "suspects" | "candidateId" | "abstention" | "confidence"
>;

/**
 * Concludes without a model, from time, reach and cohorts alone. It recommends only where one flag change
 * explains the trouble and nothing competes; in every other case it says in a sentence why not.
 */
export function draftByRules(brief: DraftBrief): Assessment {
  return {
    route: rulesRoute,
    ...conclude(brief),
    expected: null,
    cappedBecause: [],
    gaps: [],
    dropped: [],
  };
}

function conclude(brief: DraftBrief): Conclusion {
  const { incident, evidence } = brief;
  const metrics = itemsOf(evidence, "metric");
  if (incident.status !== "open" || allResolved(brief)) {
    return none("recovered", "The alert is resolved already, so nothing need be changed now.");
  }
  if (lacksMetrics(evidence)) {
    return none(
      "unknown",
      "There are no metrics to tell when the trouble began, so no change can be blamed.",
    );
  }
  const worst = worstMetric(evidence);
  if (worst === undefined || worst.onsetAt === null) {
    return metrics.some(({ trend }) => trend === "recovered")
      ? none("recovered", "The metrics were worse and are back at their earlier level.")
      : none("unknown", "No metric of the catalogue got worse in the time that was looked at.");
  }
  const delayMs = Date.parse(worst.onsetAt) - Date.parse(troubleBeganAt(incident));
  if (delayMs > nearMs) {
    const why = `The metrics got worse only ${spanWords(delayMs)} after ${beginning(incident)}; whether they show what it is about is not known.`;
    return none("unknown", why);
  }
  if (-delayMs > mostPatienceMs) {
    const why = `The metrics got worse ${spanWords(-delayMs)} before ${beginning(incident)}; whether they show what it is about is not known.`;
    return none("unknown", why);
  }
  if (flagsUnknown(brief)) {
    return none("unknown", "Flag changes could not be read, so neither blame nor innocence can be told.");
  }
  return blame(brief, worst, troubleOnset(evidence, incident) ?? worst.onsetAt);
}

function blame(brief: DraftBrief, worst: Metric, onset: Instant): Conclusion {
  const { evidence } = brief;
  const weighed = weighSuspects(evidence, onset, worst);
  const suspects = latestPerFlag(weighed.filter(({ clearedBecause }) => clearedBecause === null));
  const [first] = suspects;
  const since = `${worst.title} since ${timeWords(onset)} [${worst.id}].`;
  if (first === undefined) return withoutSuspect(brief, weighed, onset, since);

  const confirmed = first.cohorts.verdict === "confirms";
  const listed = suspects.map((suspect) => suspectOf(suspect, brief));
  const between = deploysBetween(evidence, first.change.at, onset);
  const [deploy] = between;
  if (deploy !== undefined && !confirmed) {
    const why = `${whatChanged(deploy)} ${leadWords(onset, deploy.at)}, nearer than the change of ${first.change.ref.key} [${deploy.id}, ${first.change.id}].`;
    return { ...none(causeOf(deploy), why, since), suspects: listed };
  }
  const before = deployJustBefore(brief, first);
  if (before !== undefined && !confirmed) {
    const why = `${whatChanged(before)} and the change of ${first.change.ref.key} lie within ${spanWords(takesTrafficMs)} of each other; either may be the cause [${before.id}, ${first.change.id}].`;
    return { ...none("unknown", why, since), suspects: listed };
  }
  const rival = weighed.find(
    ({ change, competes, cohorts }) =>
      competes && change.ref.key !== first.change.ref.key && (!confirmed || cohorts.verdict === "confirms"),
  );
  if (rival !== undefined) {
    const why = `${first.change.ref.key} and ${rival.change.ref.key} are equally suspect [${first.change.id}, ${rival.change.id}]; changing one would be a guess.`;
    return { ...none("unknown", why, since), suspects: listed };
  }
  const undone = undoneJustBefore(first, weighed);
  if (undone !== undefined && !confirmed) {
    const why = `${first.change.ref.key} was changed and changed back within ${spanWords(nearMs)}; which of both it was cannot be told [${undone.id}, ${first.change.id}].`;
    return { ...none("unknown", why, since), suspects: listed };
  }
  const candidate = choose(first, brief.candidates);
  if (candidate === undefined) {
    const why = `${first.change.ref.key} is suspect, but no operation that is allowed here would undo or contain it.`;
    const summary = `${since} ${listed[0]?.why ?? ""}`;
    return { ...none("flag", why), summary, suspects: listed };
  }
  const confidence = listed[0]?.confidence ?? "low";
  return {
    cause: "flag",
    summary: `${since} ${listed[0]?.why ?? ""}`,
    suspects: listed,
    candidateId: candidate.id,
    abstention: "",
    confidence,
  };
}

function withoutSuspect(
  { evidence }: DraftBrief,
  weighed: readonly WeighedChange[],
  onset: Instant,
  since: string,
): Conclusion {
  const from = later(onset, -6 * nearMs);
  const deploy = deploysBetween(evidence, from, onset).at(-1);
  const cleared = weighed
    .slice(0, 3)
    .map(
      ({ change, clearedBecause }) => `${change.ref.key} is not it: ${clearedBecause ?? ""} [${change.id}].`,
    );
  const innocent = cleared.length === 0 ? "No flag of this service changed in this time." : cleared.join(" ");
  if (deploy === undefined) {
    // What only time speaks against is not cleared for good.
    const open = weighed.some(({ odds, leadMs }) => odds >= 1 && leadMs <= nearMs);
    return none(open ? "unknown" : "other", innocent, since);
  }
  const why = `${whatChanged(deploy)} ${leadWords(onset, deploy.at)} [${deploy.id}].`;
  return none(causeOf(deploy), `${why} ${innocent}`, since);
}

function suspectOf({ change, leadMs, cohorts, citations }: WeighedChange, brief: DraftBrief): Suspect {
  const confirms = cohorts.verdict === "confirms";
  const when = leadMs >= datingToleranceMs ? `${spanWords(leadMs)} before` : "just as";
  const own = change.ownChangeId === null ? "" : `, by Signalman itself (${change.ownChangeId})`;
  const compared = confirms ? " The users who get the new variation fare worse than the others." : "";
  const claimed: Confidence = confirms ? "high" : "medium";
  return {
    flagKey: change.ref.key,
    confidence: capConfidence(claimed, brief, change.ref.key),
    why: `${change.ref.key} was changed ${when} the trouble began${own} [${change.id}].${compared}`,
    citations: [...new Set(citations)],
  };
}

/** Limiting to our own people keeps a variation that is being tried out; otherwise the nearest way back. */
function choose({ change }: WeighedChange, candidates: readonly Candidate[]): Candidate | undefined {
  const own = candidates.filter(({ flagKey }) => flagKey === change.ref.key);
  const trial = (change.movedPercent ?? 100) < 100;
  const limiting = own.find(({ operation }) => operation.tool === "flag.limit_to_segment");
  return (trial ? limiting : undefined) ?? own[0];
}

function beginning({ report }: DraftBrief["incident"]): string {
  return report === undefined ? "the alert began" : "the message was written";
}

function allResolved({ incident }: DraftBrief): boolean {
  return incident.alerts.length > 0 && countFiring(incident) === 0;
}

function flagsUnknown({ evidence }: DraftBrief): boolean {
  return (
    evidence.gaps.some(({ source }) => source === "flag changes") &&
    itemsOf(evidence, "flag_change").length === 0
  );
}

/** Several changes of one flag are one suspect: the latest before the onset. */
function latestPerFlag(weighed: readonly WeighedChange[]): WeighedChange[] {
  return weighed.filter(
    ({ change }, index) => weighed.findIndex((other) => other.change.ref.key === change.ref.key) === index,
  );
}

function deployJustBefore({ evidence }: DraftBrief, { change }: WeighedChange) {
  const at = Date.parse(change.at);
  return otherChanges(evidence).findLast(
    (other) => Date.parse(other.at) <= at && at - Date.parse(other.at) <= takesTrafficMs,
  );
}

/** What came right after a change of the same flag, and took it back, may be somebody's cure. */
function undoneJustBefore({ change }: WeighedChange, weighed: readonly WeighedChange[]) {
  const at = Date.parse(change.at);
  return weighed.find(
    ({ change: other }) =>
      other.ref.key === change.ref.key &&
      !other.inEffect &&
      other.gained.length > 0 &&
      Date.parse(other.at) < at &&
      at - Date.parse(other.at) <= nearMs,
  )?.change;
}

function whatChanged(change: OtherChange): string {
  return change.kind === "deploy" ? `Version ${change.version} came into place` : `"${change.title}" came`;
}

function causeOf({ kind }: OtherChange): CauseClass {
  return kind === "deploy" ? "deploy" : "other";
}

function leadWords(onset: Instant, at: Instant): string {
  const leadMs = Date.parse(onset) - Date.parse(at);
  return leadMs >= datingToleranceMs
    ? `${spanWords(leadMs)} before the trouble began`
    : "as the trouble began";
}

function none(cause: CauseClass, abstention: string, since = ""): Conclusion {
  const summary = `${since} ${abstention}`.trim();
  return { cause, summary, suspects: [], candidateId: null, abstention, confidence: "low" };
}
