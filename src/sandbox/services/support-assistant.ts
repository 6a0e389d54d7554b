import type { MetricSink } from "../prometheus/series-store.ts";
import type { LatencyProfile } from "./draws.ts";
import { createFlagEvaluator, type FlagConnection } from "./flag-evaluator.ts";
import { createMetricRecorder } from "./metric-recorder.ts";
import { demoWindow, p95Query, ratioQuery, type ServiceQuery } from "./service-query.ts";
import { createSimulatedService, type ServicePace, type SimulatedService } from "./simulated-service.ts";

export const supportFlag = {
  key: "support_answer_profile",
  baseline: "baseline",
  suspect: "reranker_v2",
} as const;

const service = "support-assistant";
const bounds = [
  0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 6, 10,
];

type Profile = { latency: LatencyProfile; correctionRatio: number };
const profiles = {
  baseline: { latency: { medianSeconds: 0.35, p95Seconds: 0.8 }, correctionRatio: 0.04 },
  suspect: { latency: { medianSeconds: 2.4, p95Seconds: 2.9 }, correctionRatio: 0.18 },
  suspectOnSmallCorpus: { latency: { medianSeconds: 0.5, p95Seconds: 1 }, correctionRatio: 0.06 },
} satisfies Record<string, Profile>;

/**
 * A support assistant whose answers depend on the string flag `support_answer_profile`. `reranker_v2` answers with a
 * p95 of about 2.9 s instead of 0.8 s, and people correct 18 % of its answers instead of 4 %; only the company's own
 * staff (`team` = `internal`, 2 % of the users) hardly notice, as they search a small old corpus.
 *
 * Metrics, labelled `service="support-assistant"` and `variation`: `support_answer_requests_total`,
 * `support_answer_corrections_total`, `support_answer_latency_seconds_{bucket,sum,count}`.
 */
export async function createSupportAssistant(
  options: FlagConnection & ServicePace & { store: MetricSink },
): Promise<SimulatedService> {
  const flags = await createFlagEvaluator(options);
  const metrics = createMetricRecorder(options.store, bounds);
  for (const variation of [supportFlag.baseline, supportFlag.suspect]) {
    metrics.add("support_answer_requests_total", { service, variation }, 0);
    metrics.add("support_answer_corrections_total", { service, variation }, 0);
    metrics.observe("support_answer_latency_seconds", { service, variation }, 0, 0);
  }
  return createSimulatedService(
    flags,
    {
      evaluate: (flags, { sdkUser }) => flags.stringValue(supportFlag.key, sdkUser, supportFlag.baseline),
      serve({ user, variation, weight, draws }) {
        const labels = { service, variation };
        const profile = profileOf(variation, user.internal);
        const sequence = `${variation} ${user.internal}`;
        metrics.add("support_answer_requests_total", labels, weight);
        metrics.observe(
          "support_answer_latency_seconds",
          labels,
          draws.latencySeconds(`latency ${sequence}`, profile.latency),
          weight,
        );
        if (draws.happens(`correction ${sequence}`, profile.correctionRatio)) {
          metrics.add("support_answer_corrections_total", labels, weight);
        }
      },
      publish: (at) => metrics.publish(at),
    },
    options,
  );
}

/**
 * For the service catalogue. All users together: p95 about 0.8 s, about 2.4 s with `reranker_v2` at 10 %; correction
 * ratio about 0.04, about 0.054 at 10 % and 0.18 at 100 %.
 */
export function supportQueries(window = demoWindow): ServiceQuery[] {
  const only = `{service="${service}"}`;
  const [corrections, requests] = [
    `support_answer_corrections_total${only}`,
    `support_answer_requests_total${only}`,
  ];
  return [
    p95Query("answer latency p95", "support_answer_latency_seconds", service, window),
    ratioQuery("manual corrections", corrections, requests, window),
  ];
}

function profileOf(variation: string, internal: boolean): Profile {
  if (variation !== supportFlag.suspect) return profiles.baseline;
  return internal ? profiles.suspectOnSmallCorpus : profiles.suspect;
}
