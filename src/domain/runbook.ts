import { z } from "zod";
import type { Alert } from "./alert.ts";
import type { MetricTrend } from "./evidence/evidence.ts";
import { Tool } from "./flag/operation.ts";

/**
 * `label=value`: the alert carries exactly this label. `metric <query id> is <trend>`: one of the query's series did
 * so (`metric consumer_lag is degraded`). Anything else: words that all stand in title or summary.
 */
const Symptom = z
  .string()
  .min(3)
  .max(200)
  .refine(
    (symptom) => !/^metric\s/.test(symptom) || metricSymptom.test(symptom),
    'for a metric write "metric <query id> is degraded" (or recovered, improved, steady, no_data)',
  );

/** The front matter of `runbooks/<id>.md`. */
export const RunbookHead = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens"),
  title: z.string().min(1).max(150),
  symptoms: z.array(Symptom).min(1).max(30),
  /** Ids of catalogue queries worth looking at first. */
  queries: z.array(z.string().regex(/^[a-z0-9_-]{1,64}$/, "a query id such as latency_p95")).default([]),
  /** Tools that may be offered as candidates while this runbook applies; empty: no flag change. */
  allowedActions: z.array(Tool),
  /** Largest share of users, 0..100, that a rollout may be set to; null: no limit of the runbook's own. */
  maxRolloutPercent: z.number().min(0).max(100).nullable(),
  owner: z.string().min(1),
});
export type RunbookHead = z.infer<typeof RunbookHead>;

/** What an on-call engineer would do by hand, and what of it a flag may do. */
export const Runbook = RunbookHead.extend({
  /** One step each, plain text, at least one. */
  manualSteps: z.array(z.string().min(1)).min(1),
});
export type Runbook = z.infer<typeof Runbook>;

/** Which trends the series of each query showed, by query id. */
export type TrendsByQuery = ReadonlyMap<string, ReadonlySet<MetricTrend>>;

/** How many of the runbook's symptoms the alert and the metrics show; 0 means that it does not apply. */
export function symptomsShown(
  runbook: Pick<Runbook, "symptoms">,
  alert: Pick<Alert, "title" | "summary" | "labels">,
  trends: TrendsByQuery = new Map(),
  words = wordsOfAlert(alert),
): number {
  return runbook.symptoms.filter((symptom) => {
    const metric = metricSymptom.exec(symptom);
    if (metric !== null) {
      const shown: ReadonlySet<string> | undefined = trends.get(metric[1] ?? "");
      return shown?.has(metric[2] ?? "") === true;
    }
    const label = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/.exec(symptom);
    if (label !== null) {
      const name = label[1] ?? "";
      return Object.hasOwn(alert.labels, name) && alert.labels[name] === label[2];
    }
    return [...wordsOf(symptom)].every((word) => words.has(word));
  }).length;
}

const metricSymptom = /^metric ([a-z0-9_-]{1,64}) is (degraded|recovered|improved|steady|no_data)$/;

/** For callers that hold one alert against many runbooks: reading the words is most of the work. */
export function wordsOfAlert({ title, summary }: Pick<Alert, "title" | "summary">): ReadonlySet<string> {
  return wordsOf(`${title} ${summary}`);
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}
