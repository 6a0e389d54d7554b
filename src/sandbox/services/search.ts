import type { MetricSink } from "../prometheus/series-store.ts";
import { createFlagEvaluator, type FlagConnection } from "./flag-evaluator.ts";
import { createMetricRecorder } from "./metric-recorder.ts";
import { demoWindow, p95Query, ratioQuery, type ServiceQuery } from "./service-query.ts";
import { createSimulatedService, type ServicePace, type SimulatedService } from "./simulated-service.ts";

export const searchFlag = { key: "search_new_ranking", off: "false", on: "true" } as const;

export type Deploy = { version: string; at: number; slow: boolean };

export type Search = SimulatedService & {
  /** Newest last. */
  readonly deploys: readonly Deploy[];
  /**
   * Puts a version in place at `at` (Unix milliseconds, default now). A slow one makes every answer slow, whatever
   * the flag says. A deploy in the past must be told before `history` is written.
   */
  deploy(version: string, how?: { at?: number; slow?: boolean }): void;
};

const service = "search";
const bounds = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5];
const healthy = { latency: { medianSeconds: 0.12, p95Seconds: 0.28 }, errorRatio: 0.002 };
const slow = { latency: { medianSeconds: 0.6, p95Seconds: 1.4 }, errorRatio: 0.03 };
const firstVersion = "1.41.0";

/**
 * A search whose boolean flag `search_new_ranking` changes nothing that can be measured, and which a bad deploy slows
 * down for users with and without the flag alike.
 *
 * Metrics: `search_requests_total`, `search_errors_total` and `search_request_latency_seconds_{bucket,sum,count}`, all
 * with `service="search"` and `variation`; `deployment_info{service,version}` is 1 for the version in place.
 */
export async function createSearch(
  options: FlagConnection & ServicePace & { store: MetricSink },
): Promise<Search> {
  const { store, clock = Date.now } = options;
  const flags = await createFlagEvaluator(options);
  const metrics = createMetricRecorder(store, bounds);
  const deploys: Deploy[] = [{ version: firstVersion, at: -Infinity, slow: false }];
  let exposed = firstVersion;

  for (const variation of [searchFlag.off, searchFlag.on]) {
    metrics.add("search_requests_total", { service, variation }, 0);
    metrics.add("search_errors_total", { service, variation }, 0);
    metrics.observe("search_request_latency_seconds", { service, variation }, 0, 0);
  }

  function inPlaceAt(at: number): Deploy {
    const deploy = deploys.findLast((entry) => entry.at <= at);
    if (deploy === undefined) throw new Error("no version was in place");
    return deploy;
  }

  const simulated = createSimulatedService(
    flags,
    {
      evaluate: async (flags, { sdkUser }) =>
        String(await flags.booleanValue(searchFlag.key, sdkUser, false)),
      serve({ variation, weight, at, draws }) {
        const labels = { service, variation };
        const profile = inPlaceAt(at).slow ? slow : healthy;
        metrics.add("search_requests_total", labels, weight);
        const seconds = draws.latencySeconds(`latency ${variation}`, profile.latency);
        metrics.observe("search_request_latency_seconds", labels, seconds, weight);
        if (draws.happens(`error ${variation}`, profile.errorRatio))
          metrics.add("search_errors_total", labels, weight);
      },
      publish(at) {
        metrics.publish(at);
        const { version } = inPlaceAt(at);
        if (version !== exposed) store.markStale("deployment_info", { service, version: exposed }, at);
        store.append("deployment_info", { service, version }, 1, at);
        exposed = version;
      },
    },
    options,
  );
  return {
    ...simulated,
    deploys,
    deploy(version, how = {}) {
      const at = how.at ?? clock();
      const newest = deploys.at(-1);
      if (newest !== undefined && at <= newest.at) {
        throw new Error(`deploy ${version} must come after ${newest.version}`);
      }
      deploys.push({ version, at, slow: how.slow ?? true });
    },
  };
}

/** For the service catalogue: p95 about 0.28 s, about 1.4 s after a bad deploy; error ratio about 0.002, then 0.03. */
export function searchQueries(window = demoWindow): ServiceQuery[] {
  const only = `{service="${service}"}`;
  return [
    p95Query("search latency p95", "search_request_latency_seconds", service, window),
    ratioQuery("error ratio", `search_errors_total${only}`, `search_requests_total${only}`, window),
  ];
}

/** Which version is in place: one series per version, present only while it is. */
export const searchDeployQuery = `deployment_info{service="${service}"}`;
