import { type Confidence, lowerConfidence } from "../../domain/assessment.ts";
import { type Evidence, itemsOf } from "../../domain/evidence/evidence.ts";
import { onsetOf, orderedSuspects, worstMetric } from "./order-suspects.ts";
import { deploysBetween, soonMs, weighSuspects } from "./weigh-suspects.ts";

export interface CapRule {
  cap: Confidence;
  when: string;
  /** Whether no change is recommended where it holds, however sure a model is. */
  tooLittle: "always" | "unless_compared" | "never";
  holds: (evidence: Evidence, flagKey: string) => boolean;
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
    holds: (evidence) => worstMetric(evidence) === undefined,
  },
  {
    cap: "low",
    when: "the trouble is too young to be judged by its samples",
    tooLittle: "always",
    holds: ({ lookAgainAt }) => lookAgainAt !== undefined,
  },
  {
    cap: "low",
    when: "a deploy lies between the change and the trouble",
    tooLittle: "unless_compared",
    holds: (evidence, flagKey) => {
      const [onset, change] = [onsetOf(evidence), changeOf(evidence, flagKey)];
      return onset !== null && change !== undefined && deploysBetween(evidence, change.at, onset).length > 0;
    },
  },
  {
    cap: "low",
    when: "the trouble began long after the change",
    tooLittle: "unless_compared",
    holds: (evidence, flagKey) => {
      const [onset, change] = [onsetOf(evidence), changeOf(evidence, flagKey)];
      return onset !== null && change !== undefined && Date.parse(onset) - Date.parse(change.at) > soonMs;
    },
  },
  {
    cap: "low",
    when: "metrics or flag changes are among the gaps",
    tooLittle: "never",
    holds: ({ gaps }) => gaps.some(({ source }) => source.startsWith("metric") || source === "flag changes"),
  },
  {
    cap: "medium",
    when: "no series compares the variations",
    tooLittle: "never",
    holds: (evidence, flagKey) => !cohortsConfirm(evidence, flagKey),
  },
  {
    cap: "medium",
    when: "another flag changed before the trouble as well",
    tooLittle: "never",
    holds: (evidence, flagKey) =>
      !cohortsConfirm(evidence, flagKey) && orderedSuspects(evidence).some(({ ref }) => ref.key !== flagKey),
  },
  {
    cap: "medium",
    when: "deploys are among the gaps",
    tooLittle: "never",
    holds: ({ gaps }) => gaps.some(({ source }) => source === "deploys"),
  },
];

export function capConfidence(confidence: Confidence, evidence: Evidence, flagKey: string): Confidence {
  return capsFor(evidence, flagKey).reduce((lowest, { cap }) => lowerConfidence(lowest, cap), confidence);
}

/** The rules that hold for blaming this flag. */
export function capsFor(evidence: Evidence, flagKey: string): CapRule[] {
  return capRules.filter(({ holds }) => holds(evidence, flagKey));
}

/** Why the evidence is too little to change this flag, in words; null: it is enough. */
export function tooLittleBecause(evidence: Evidence, flagKey: string): string | null {
  const compared = cohortsConfirm(evidence, flagKey);
  const rule = capsFor(evidence, flagKey).find(
    ({ tooLittle }) => tooLittle === "always" || (tooLittle === "unless_compared" && !compared),
  );
  return rule?.when ?? null;
}

/** In words why the confidence is no higher than this: the rules whose cap it has. */
export function cappedBecause(confidence: Confidence, evidence: Evidence, flagKey: string): string[] {
  return capsFor(evidence, flagKey)
    .filter(({ cap }) => cap === confidence)
    .map(({ when }) => when);
}

function changeOf(evidence: Evidence, flagKey: string) {
  return orderedSuspects(evidence).find(({ ref }) => ref.key === flagKey);
}

function cohortsConfirm(evidence: Evidence, flagKey: string): boolean {
  const worst = worstMetric(evidence);
  const onset = worst?.onsetAt ?? null;
  if (worst === undefined || onset === null) return false;
  return weighSuspects(evidence, onset, worst).some(
    ({ change, cohorts }) => change.ref.key === flagKey && cohorts.verdict === "confirms",
  );
}

/** Both kinds of gap that leave the question open whether a flag did it. */
export function lacksMetrics(evidence: Evidence): boolean {
  return itemsOf(evidence, "metric").every(({ trend }) => trend === "no_data");
}
