import { z } from "zod";
import { addressFrom, HttpAddress } from "./addresses.ts";
import type { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

export const PrometheusSettings = z
  .strictObject({
    url: HttpAddress.optional().describe(
      "Base address of Prometheus or what speaks its API; /api/v1 is put behind it.",
    ),
    timeoutMs: z
      .int()
      .min(100)
      .max(120_000)
      .default(10_000)
      .describe("How long one query may take, in milliseconds."),
  })
  .prefault({});
export type PrometheusSettings = z.infer<typeof PrometheusSettings>;

export type PrometheusAuth =
  { kind: "none" } | { kind: "bearer"; token: Secret } | { kind: "basic"; user: string; password: Secret };

export interface Prometheus {
  url: string;
  timeoutMs: number;
  auth: PrometheusAuth;
}

/** Null where no address is set: then there are no metrics, and evidence says so. */
export function readPrometheus(settings: PrometheusSettings, variables: Variables): Prometheus | null {
  const url = addressFrom(variables, "PROMETHEUS_URL", settings.url);
  const auth = readAuth(variables);
  return url === undefined ? null : { url, timeoutMs: settings.timeoutMs, auth };
}

function readAuth(variables: Variables): PrometheusAuth {
  const token = variables.optionalSecret("PROMETHEUS_TOKEN");
  const user = variables.text("PROMETHEUS_USER");
  const password = variables.optionalSecret("PROMETHEUS_PASSWORD");
  if (token !== null && (user !== undefined || password !== null)) {
    variables.findings.push(
      "PROMETHEUS_TOKEN is set beside PROMETHEUS_USER or PROMETHEUS_PASSWORD; unset one kind.",
    );
  }
  if (token !== null) return { kind: "bearer", token };
  if (user !== undefined && password !== null) return { kind: "basic", user, password };
  if (user !== undefined)
    variables.findings.push("PROMETHEUS_USER is set without PROMETHEUS_PASSWORD; set both or neither.");
  if (password !== null)
    variables.findings.push("PROMETHEUS_PASSWORD is set without PROMETHEUS_USER; set both or neither.");
  return { kind: "none" };
}
