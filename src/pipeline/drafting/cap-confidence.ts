import { type Confidence, lowerConfidence } from "../../domain/assessment.ts";
import { type Evidence, itemsOf } from "../../domain/evidence/evidence.ts";
import { onsetOf, orderedSuspects, worstMetric } from "./order-suspects.ts";
import { deploysBetween, soonMs, weighSuspects } from "./weigh-suspects.ts";

interface CapRule {
  cap: Confidence;
  when: string;
  holds: (evidence: Evidence, flagKey: string) => boolean;
}

/** How much the evidence can carry at most, whoever concluded it. The lowest cap that holds counts. */
const capRules: readonly CapRule[] = [
  {
    cap: "low",
    when: "no metric shows that anything got worse",
    holds: (evidence) => worstMetric(evidence) === undefined,
  },
  {
    cap: "low",
    when: "metrics or flag changes are among the gaps",
    holds: ({ gaps }) => gaps.some(({ source }) => source.startsWith("metric") || source === "flag changes"),
  },
  {
    cap: "low",
    when: "a deploy lies between the change and the trouble",
    holds: (evidence, flagKey) => {
      const [onset, change] = [onsetOf(evidence), changeOf(evidence, flagKey)];
      return onset !== null && change !== undefined && deploysBetween(evidence, change.at, onset).length > 0;
    },
  },
  {
    cap: "low",
    when: "the trouble began long after the change",
    holds: (evidence, flagKey) => {
      const [onset, change] = [onsetOf(evidence), changeOf(evidence, flagKey)];
      return onset !== null && change !== undefined && Date.parse(onset) - Date.parse(change.at) > soonMs;
    },
  },
  {
    cap: "medium",
    when: "no series compares the variations",
    holds: (evidence, flagKey) => !cohortsConfirm(evidence, flagKey),
  },
  {
    cap: "medium",
    when: "another flag changed before the trouble as well",
    holds: (evidence, flagKey) =>
      !cohortsConfirm(evidence, flagKey) && orderedSuspects(evidence).some(({ ref }) => ref.key !== flagKey),
  },
  {
    cap: "medium",
    when: "deploys are among the gaps",
    holds: ({ gaps }) => gaps.some(({ source }) => source === "deploys"),
  },
];

export function capConfidence(confidence: Confidence, evidence: Evidence, flagKey: string): Confidence {
  return capRules
    .filter(({ holds }) => holds(evidence, flagKey))
    .reduce((lowest, { cap }) => lowerConfidence(lowest, cap), confidence);
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
