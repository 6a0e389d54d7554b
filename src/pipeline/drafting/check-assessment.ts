import {
  type Assessment,
  type Candidate,
  type Confidence,
  lowerConfidence,
  type Suspect,
} from "../../domain/assessment.ts";
import { itemsOf } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { capConfidence } from "./cap-confidence.ts";
import { draftByRules } from "./draft-by-rules.ts";
import { troubleOnset, worstMetric } from "./order-suspects.ts";
import type { DraftBrief } from "../ports/drafter.ts";
import { weighSuspects } from "./weigh-suspects.ts";

const mostSuspects = 5;
const summaryLimit = 900;
const sentenceLimit = 400;

/**
 * What remains of a model's answer once everything is gone that the evidence does not carry: claims that cite
 * nothing or something that is not there, flags that did not change, candidates that were not offered, more
 * confidence than the evidence allows. Too little left means: no change recommended. `dropped` keeps the record.
 */
export function checkAssessment(answer: Assessment, brief: DraftBrief): Assessment {
  const dropped: string[] = answer.dropped.map((line) => outsideText(line));
  const known = new Set<string>(brief.evidence.items.map(({ id }) => id));
  const suspects = checkedSuspects(answer, brief, known, dropped);
  const chosen = checkedCandidate(answer, brief, suspects, dropped);
  const cause = answer.cause === "flag" && suspects.length === 0 ? "unknown" : answer.cause;
  const summary = carried(answer.summary, known, summaryLimit, "summary", dropped);
  return {
    route: answer.route,
    cause,
    summary: summary === "" ? draftByRules(brief).summary : summary,
    suspects,
    candidateId: typeof chosen === "string" ? null : chosen.id,
    abstention: typeof chosen === "string" ? chosen : "",
    expected: null,
    confidence: overall(answer.confidence, chosen, suspects, brief),
    dropped,
  };

  function checkedReason(reason: string): string {
    const said = carried(answer.abstention, known, sentenceLimit, "abstention", dropped);
    return said === "" ? reason : said;
  }

  /** The candidate, or why there is none. */
  function checkedCandidate(
    { candidateId }: Assessment,
    { candidates, evidence }: DraftBrief,
    kept: readonly Suspect[],
    notes: string[],
  ): Candidate | string {
    if (candidateId === null)
      return checkedReason("The model recommends no flag change and gives no reason.");
    const candidate = candidates.find(({ id }) => id === candidateId);
    const refuse = (why: string): string => {
      notes.push(`Candidate ${outsideText(candidateId, 40)}: ${why}`);
      return `No change is recommended: ${why}`;
    };
    if (candidate === undefined) return refuse("the model chose something that was not offered.");
    if (answer.cause !== "flag")
      return refuse(`the model itself names ${answer.cause} as the cause, not a flag.`);
    if (worstMetric(evidence) === undefined) return refuse("no metric shows that anything got worse.");
    if (!kept.some(({ flagKey }) => flagKey === candidate.flagKey)) {
      return refuse(`no evidence that stands up makes ${candidate.flagKey} a suspect.`);
    }
    return candidate;
  }
}

function checkedSuspects(
  answer: Assessment,
  { evidence, incident }: DraftBrief,
  known: ReadonlySet<string>,
  dropped: string[],
): Suspect[] {
  const kept: Suspect[] = [];
  const worst = worstMetric(evidence);
  const onset = troubleOnset(evidence, incident);
  const weighed = worst === undefined || onset === null ? [] : weighSuspects(evidence, onset, worst);
  for (const suspect of answer.suspects) {
    const key = outsideText(suspect.flagKey, 80);
    const changes = itemsOf(evidence, "flag_change").filter(({ ref }) => ref.key === suspect.flagKey);
    const citations = [...new Set(suspect.citations)].filter((id) => known.has(id));
    const ofFlag = weighed.filter(({ change }) => change.ref.key === suspect.flagKey);
    const why = carried(suspect.why, known, sentenceLimit, `suspect ${key}`, dropped);
    const drop = (reason: string) => dropped.push(`Suspect ${key}: ${reason}`);
    if (changes.length === 0) drop("no change of this flag is in the evidence.");
    else if (!changes.some(({ id }) => citations.includes(id)))
      drop("it does not cite the change of this flag.");
    else if (ofFlag.length > 0 && ofFlag.every((one) => one.impossibleBecause !== null)) {
      drop(`${ofFlag[0]?.impossibleBecause ?? ""}.`);
    } else if (why === "") drop("nothing that is said about it rests on evidence.");
    else if (kept.some(({ flagKey }) => flagKey === suspect.flagKey)) drop("it is named twice.");
    else if (kept.length >= mostSuspects) drop("too many suspects are named.");
    else {
      const confidence = capConfidence(suspect.confidence, evidence, suspect.flagKey);
      kept.push({ flagKey: suspect.flagKey, confidence, why, citations });
    }
  }
  return kept;
}

/** The sentences of a text that cite no evidence that is not there, as one plain line. */
function carried(
  text: string,
  known: ReadonlySet<string>,
  limit: number,
  what: string,
  dropped: string[],
): string {
  const sentences = outsideText(text, 4 * limit).split(/(?<=[.!?])\s+/);
  const kept = sentences.filter((sentence) => {
    const cited = sentence.match(/\bE\d{1,6}\b/g) ?? [];
    return cited.every((id) => known.has(id));
  });
  if (kept.length < sentences.length) {
    dropped.push(`${what}: ${sentences.length - kept.length} sentence(s) cite evidence that does not exist.`);
  }
  return outsideText(kept.join(" "), limit);
}

function overall(
  claimed: Confidence,
  chosen: Candidate | string,
  suspects: readonly Suspect[],
  { evidence }: DraftBrief,
): Confidence {
  if (typeof chosen === "string")
    return lowerConfidence(claimed, evidence.gaps.length > 0 ? "low" : "medium");
  const suspect = suspects.find(({ flagKey }) => flagKey === chosen.flagKey);
  return lowerConfidence(capConfidence(claimed, evidence, chosen.flagKey), suspect?.confidence ?? "low");
}
