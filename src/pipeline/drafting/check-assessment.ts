import {
  type Assessment,
  type Candidate,
  type CauseClass,
  type Confidence,
  lowerConfidence,
  type Suspect,
} from "../../domain/assessment.ts";
import { type Evidence, itemsOf, judgedEvidence } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { countFiring, type IncidentState } from "../../domain/incident/incident.ts";
import { capConfidence, type Judged, tooLittleBecause } from "./cap-confidence.ts";
import { carriedSentences, carrying } from "./carried-claims.ts";
import { draftByRules } from "./draft-by-rules.ts";
import { datingToleranceMs, troubleOnset, worstMetric } from "./order-suspects.ts";
import type { DraftBrief } from "../ports/drafter.ts";
import { weighSuspects } from "./weigh-suspects.ts";

const mostSuspects = 5;
const mostDropped = 40;
const summaryLimit = 900;
const sentenceLimit = 400;

/**
 * What remains of a model's answer once everything is gone that the evidence does not carry: claims that cite
 * nothing, something that is not there or something that cannot carry them, flags that did not change, causes of
 * which there is no trace, candidates that were not offered, more confidence than the evidence allows. Too little
 * left means: no change recommended. `dropped` keeps the record.
 */
export function checkAssessment(answer: Assessment, brief: DraftBrief): Assessment {
  const { evidence } = brief;
  // Cited may be everything; what is concluded is judged by what nobody chose who concludes.
  const judged = { ...brief, evidence: judgedEvidence(evidence) };
  const dropped: string[] = answer.dropped.slice(0, mostDropped).map((line) => outsideText(line));
  const stands = (text: string, limit: number, what: string, implied: readonly string[] = []): string => {
    const { text: kept, dropped: count } = carriedSentences(text, evidence, limit, implied);
    if (count > 0) dropped.push(`${what}: ${count} sentence(s) that no evidence carries.`);
    return kept;
  };

  const suspects = checkedSuspects(answer, brief, stands, dropped);
  const cause = checkedCause(answer.cause, suspects, judged, dropped);
  const summary = stands(answer.summary, summaryLimit, "summary");
  const chosen = checkedCandidate(answer, cause, suspects, judged);
  if (typeof chosen === "string" && answer.candidateId !== null) {
    dropped.push(`Candidate ${outsideText(answer.candidateId, 40)}: ${chosen}`);
  }
  return {
    route: answer.route,
    cause,
    summary: summary === "" ? draftByRules(judged).summary : summary,
    suspects,
    candidateId: typeof chosen === "string" ? null : chosen.id,
    abstention: typeof chosen === "string" ? abstention(chosen) : "",
    expected: null,
    confidence: overall(answer, chosen, suspects, judged),
    cappedBecause: [],
    gaps: [],
    dropped: dropped.slice(0, mostDropped),
  };

  /** The model's own reason where it stands, else the one of code. */
  function abstention(refusal: string): string {
    if (answer.candidateId !== null) return `No change is recommended: ${refusal}`;
    const said = stands(answer.abstention, sentenceLimit, "abstention");
    return said === "" ? refusal : said;
  }
}

/** The candidate, or why there is none. */
function checkedCandidate(
  answer: Assessment,
  cause: CauseClass,
  suspects: readonly Suspect[],
  { candidates, evidence, incident }: DraftBrief,
): Candidate | string {
  if (answer.candidateId === null) {
    return "The model recommends no flag change and gives no reason that rests on evidence.";
  }
  const candidate = candidates.find(({ id }) => id === answer.candidateId);
  if (candidate === undefined) return "the model chose something that was not offered.";
  if (answer.cause !== "flag") return `the model itself names ${answer.cause} as the cause, not a flag.`;
  if (worstMetric(evidence) === undefined) return "no metric shows that anything got worse.";
  if (cause !== "flag" || !suspects.some(({ flagKey }) => flagKey === candidate.flagKey)) {
    return `no evidence that stands up makes ${outsideText(candidate.flagKey, 80)} a suspect.`;
  }
  const tooLittle = tooLittleBecause({ evidence, incident }, candidate.flagKey);
  return tooLittle === null ? candidate : `the evidence is too little, because ${tooLittle}.`;
}

function checkedSuspects(
  answer: Assessment,
  { evidence, incident }: DraftBrief,
  stands: (text: string, limit: number, what: string, implied: readonly string[]) => string,
  dropped: string[],
): Suspect[] {
  const kept: Suspect[] = [];
  const judged = judgedEvidence(evidence);
  const worst = worstMetric(judged);
  const onset = troubleOnset(judged, incident);
  const weighed = worst === undefined || onset === null ? [] : weighSuspects(judged, onset, worst);
  for (const suspect of answer.suspects.slice(0, 4 * mostSuspects)) {
    const key = outsideText(suspect.flagKey, 80);
    const changes = itemsOf(evidence, "flag_change").filter(({ ref }) => ref.key === suspect.flagKey);
    const citations = carrying(suspect.citations, evidence, suspect.flagKey);
    const ofFlag = weighed.filter(({ change }) => change.ref.key === suspect.flagKey);
    const drop = (reason: string) => dropped.push(`Suspect ${key}: ${reason}`);
    if (changes.length === 0) drop("no change of this flag is in the evidence.");
    else if (!changes.some(({ id }) => citations.includes(id)))
      drop("it does not cite the change of this flag.");
    else if (ofFlag.length > 0 && ofFlag.every((one) => one.impossibleBecause !== null)) {
      drop(`${ofFlag[0]?.impossibleBecause ?? ""}.`);
    } else if (kept.some(({ flagKey }) => flagKey === suspect.flagKey)) drop("it is named twice.");
    else if (kept.length >= mostSuspects) drop("too many suspects are named.");
    else {
      const why = stands(suspect.why, sentenceLimit, `suspect ${key}`, citations);
      const confidence = capConfidence(suspect.confidence, { evidence: judged, incident }, suspect.flagKey);
      if (why === "") drop("nothing that is said about it rests on evidence.");
      else kept.push({ flagKey: suspect.flagKey, confidence, why, citations });
    }
  }
  return kept;
}

/** A cause of which the evidence holds no trace is not known. */
function checkedCause(
  cause: CauseClass,
  suspects: readonly Suspect[],
  { evidence, incident }: DraftBrief,
  dropped: string[],
): CauseClass {
  if (hasTrace(cause, suspects, evidence, incident)) return cause;
  dropped.push(`Cause ${cause}: the evidence holds no trace of it.`);
  return "unknown";
}

function hasTrace(
  cause: CauseClass,
  suspects: readonly Suspect[],
  evidence: Evidence,
  incident: IncidentState,
): boolean {
  switch (cause) {
    case "flag":
      return suspects.length > 0;
    case "deploy": {
      const until = Date.parse(troubleOnset(evidence, incident) ?? evidence.to) + datingToleranceMs;
      const changes = [...itemsOf(evidence, "deploy"), ...itemsOf(evidence, "change")];
      return changes.some(({ at }) => Date.parse(at) <= until);
    }
    case "recovered":
      return (
        incident.status !== "open" ||
        countFiring(incident) === 0 ||
        itemsOf(evidence, "metric").some(({ trend }) => trend === "recovered")
      );
    case "other":
    case "unknown":
      return true;
  }
}

function overall(
  { confidence: claimed, candidateId }: Assessment,
  chosen: Candidate | string,
  suspects: readonly Suspect[],
  judged: Judged,
): Confidence {
  // Who chose what does not stand is not to be trusted about the rest; no abstention is ever certain.
  if (typeof chosen === "string") {
    return lowerConfidence(
      claimed,
      candidateId !== null || judged.evidence.gaps.length > 0 ? "low" : "medium",
    );
  }
  const suspect = suspects.find(({ flagKey }) => flagKey === chosen.flagKey);
  return lowerConfidence(capConfidence(claimed, judged, chosen.flagKey), suspect?.confidence ?? "low");
}
