import { type Confidence, lowerConfidence } from "../../domain/assessment.ts";
import { type Evidence, itemsOf } from "../../domain/evidence/evidence.ts";
import type { DraftBrief } from "../ports/drafter.ts";
import { orderedSuspects, troubleOnset, worstMetric } from "./order-suspects.ts";
import { deploysBetween, soonMs, weighSuspects } from "./weigh-suspects.ts";

/** What is judged: the evidence, and the alert that dates the trouble together with it. */
export type Judged = Pick<DraftBrief, "evidence" | "incident">;

export interface CapRule {
  cap: Confidence;
  when: string;
  /** Whether no change is recommended where it holds, however sure a model is. */
  tooLittle: "always" | "unless_compared" | "never";
  holds: (judged: Judged, flagKey: string) => boolean;
}

/**
 * How much the evidence can carry at most, whoever concluded it. The lowest cap that holds counts. The table of
 * docs/drafting.md; a test keeps the two equal.
 */
export const capRules: readonly CapRule[] = [
  {
    cap: "low",
    when: "no metric shows that anything got worse",
    tooLittle: "always",
    holds: ({ evidence }) => worstMetric(evidence) === undefined,
  },
  {
    cap: "low",
    when: "the trouble is too young to be judged by its samples",
    tooLittle: "always",
    holds: ({ evidence: { lookAgainAt } }) => lookAgainAt !== undefined,
  },
  {
    cap: "low",
    when: "a deploy lies between the change and the trouble",
    tooLittle: "unless_compared",
    holds: (judged, flagKey) => {
      const { onset, change } = datedIn(judged, flagKey);
      return (
        onset !== null && change !== undefined && deploysBetween(judged.evidence, change.at, onset).length > 0
      );
    },
  },
  {
    cap: "low",
    when: "the trouble began long after the change",
    tooLittle: "unless_compared",
    holds: (judged, flagKey) => {
      const { onset, change } = datedIn(judged, flagKey);
      return onset !== null && change !== undefined && Date.parse(onset) - Date.parse(change.at) > soonMs;
    },
  },
  {
    cap: "low",
    when: "metrics or flag changes are among the gaps",
    tooLittle: "never",
    holds: ({ evidence: { gaps } }) =>
      gaps.some(({ source }) => source.startsWith("metric") || source === "flag changes"),
  },
  {
    cap: "medium",
    when: "no series compares the variations",
    tooLittle: "never",
    holds: (judged, flagKey) => !cohortsConfirm(judged, flagKey),
  },
  {
    cap: "medium",
    when: "another flag changed before the trouble as well",
    tooLittle: "never",
    holds: (judged, flagKey) =>
      !cohortsConfirm(judged, flagKey) &&
      orderedSuspects(judged.evidence, judged.incident).some(({ ref }) => ref.key !== flagKey),
  },
  {
    cap: "medium",
    when: "deploys are among the gaps",
    tooLittle: "never",
    holds: ({ evidence: { gaps } }) => gaps.some(({ source }) => source === "deploys"),
  },
];

export function capConfidence(confidence: Confidence, judged: Judged, flagKey: string): Confidence {
  return capsFor(judged, flagKey).reduce((lowest, { cap }) => lowerConfidence(lowest, cap), confidence);
}

/** The rules that hold for blaming this flag. */
export function capsFor(judged: Judged, flagKey: string): CapRule[] {
  return capRules.filter(({ holds }) => holds(judged, flagKey));
}

/** Why the evidence is too little to change this flag, in words; null: it is enough. */
export function tooLittleBecause(judged: Judged, flagKey: string): string | null {
  const compared = cohortsConfirm(judged, flagKey);
  const rule = capsFor(judged, flagKey).find(
    ({ tooLittle }) => tooLittle === "always" || (tooLittle === "unless_compared" && !compared),
  );
  return rule?.when ?? null;
}

/** In words why the confidence is no higher than this: the rules whose cap it has. */
export function cappedBecause(confidence: Confidence, judged: Judged, flagKey: string): string[] {
  return capsFor(judged, flagKey)
    .filter(({ cap }) => cap === confidence)
    .map(({ when }) => when);
}

/** By the same word on when the trouble began as all else is judged. */
function datedIn({ evidence, incident }: Judged, flagKey: string) {
  return {
    onset: troubleOnset(evidence, incident),
    change: orderedSuspects(evidence, incident).find(({ ref }) => ref.key === flagKey),
  };
}

function cohortsConfirm({ evidence, incident }: Judged, flagKey: string): boolean {
  const [worst, onset] = [worstMetric(evidence), troubleOnset(evidence, incident)];
  if (worst === undefined || onset === null) return false;
  return weighSuspects(evidence, onset, worst).some(
    ({ change, cohorts }) => change.ref.key === flagKey && cohorts.verdict === "confirms",
  );
}

/** Both kinds of gap that leave the question open whether a flag did it. */
export function lacksMetrics(evidence: Evidence): boolean {
  return itemsOf(evidence, "metric").every(({ trend }) => trend === "no_data");
}
