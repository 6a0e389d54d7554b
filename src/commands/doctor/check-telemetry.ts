import { createPrometheus } from "../../adapters/prometheus/prometheus.ts";
import type { Prometheus } from "../../config/prometheus.ts";
import { toInstant } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Series } from "../../pipeline/ports/telemetry.ts";
import { type Check, type Finding, problem, warning } from "./check.ts";

const windowMs = 15 * 60_000;
const stepMs = 60_000;
const atOnce = 4;

/** Every query of every service, asked for the last quarter of an hour. */
export const checkTelemetry: Check = {
  name: "telemetry",
  async run({ config: { worker, services }, timeoutMs }) {
    const prometheus = worker?.prometheus ?? null;
    if (prometheus === null || prometheus.url === "") return [];
    const telemetry = createPrometheus({
      url: prometheus.url,
      auth: authOf(prometheus.auth),
      timeoutMs: Math.min(timeoutMs, prometheus.timeoutMs),
    });
    // Prometheus measures with its own clock; ours only says about when.
    const now = Date.now();
    const ask = (promql: string) =>
      telemetry.range(promql, toInstant(now - windowMs), toInstant(now), stepMs);
    const queries = services.flatMap((service) => [
      ...service.queries.map(({ id, promql }) => ({
        what: `The query ${id} of the service "${service.name}"`,
        promql,
        isDeploy: false,
      })),
      ...(service.deployQuery === undefined
        ? []
        : [
            {
              what: `deployQuery of the service "${service.name}"`,
              promql: service.deployQuery,
              isDeploy: true,
            },
          ]),
    ]);
    const findings: Finding[] = [];
    for (let at = 0; at < queries.length; at += atOnce) {
      const part = queries.slice(at, at + atOnce);
      const found = await Promise.all(
        part.map(async ({ what, promql, isDeploy }) => ofQuery(what, () => ask(promql), isDeploy)),
      );
      findings.push(...found.flat());
    }
    return findings;
  },
};

async function ofQuery(what: string, ask: () => Promise<Series[]>, isDeploy: boolean): Promise<Finding[]> {
  let series: Series[];
  try {
    series = await ask();
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    // That the server is away is one finding, not one for each query.
    if (["unreachable", "timeout", "unauthorized", "forbidden", "not_found"].includes(error.code))
      throw error;
    return [
      problem(
        `${what} fails: ${error.message}`,
        "Its metric is missing from evidence and verdict.",
        "Correct the query in signalman.yml.",
      ),
    ];
  }
  if (series.every(({ points }) => points.length === 0)) {
    return [
      warning(
        `${what} gives no series.`,
        "Its metric is missing from evidence and verdict.",
        "Correct the query, or see that the service is scraped.",
      ),
    ];
  }
  if (isDeploy && series.every(({ labels }) => labels["version"] === undefined)) {
    return [
      warning(
        `${what} gives series without a version label.`,
        "No deploy is ever noticed by it.",
        "Let the query keep the label version.",
      ),
    ];
  }
  return [];
}

function authOf(auth: Prometheus["auth"]) {
  switch (auth.kind) {
    case "none":
      return auth;
    case "bearer":
      return { kind: "bearer" as const, token: auth.token.reveal() };
    case "basic":
      return { kind: "basic" as const, user: auth.user, password: auth.password.reveal() };
  }
}
