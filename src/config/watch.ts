import { z } from "zod";
import { Secret } from "./secret.ts";
import { Port } from "./server.ts";
import type { Variables } from "./variables.ts";

export const MetricsSettings = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1").describe("The address of the port below."),
    port: Port.optional().describe(
      "Where /metrics is shown without a token, for whoever reaches it; 0 takes any free one. Absent: only at the door, with METRICS_TOKEN.",
    ),
  })
  .prefault({});
export type MetricsSettings = z.infer<typeof MetricsSettings>;

/** Where one signal is sent to, by OTLP over HTTP. `headers` as the variable has them: they may hold a key. */
export interface Otlp {
  url: string;
  headers: Secret;
}

/** What of Signalman is shown to others, and where. */
export interface Watch {
  metrics: MetricsSettings;
  serviceName: string;
  /** OTEL_RESOURCE_ATTRIBUTES. */
  resource: Record<string, string>;
  traces: Otlp | null;
  metricsPush: Otlp | null;
  logs: Otlp | null;
  /** Which share of traces is kept, from 0 to 1; `heedsParent`: a span goes the way of its trace. */
  sampler: { share: number; heedsParent: boolean };
}

/** The variables of OpenTelemetry, as its specification has them. */
export function readWatch(metrics: MetricsSettings, variables: Variables): Watch {
  const { text } = variables;
  const isOff = text("OTEL_SDK_DISABLED")?.toLowerCase() === "true";
  const base = text("OTEL_EXPORTER_OTLP_ENDPOINT");
  const headers = variables.optionalSecret("OTEL_EXPORTER_OTLP_HEADERS") ?? new Secret("");

  function signal(kind: "TRACES" | "METRICS" | "LOGS", exporter: string | undefined): Otlp | null {
    const own = text(`OTEL_EXPORTER_OTLP_${kind}_ENDPOINT`);
    const url =
      own ?? (base === undefined ? undefined : `${base.replace(/\/+$/, "")}/v1/${kind.toLowerCase()}`);
    if (isOff || exporter === "none" || url === undefined) return null;
    if (exporter !== undefined && exporter !== "otlp") {
      variables.findings.push(`OTEL_${kind}_EXPORTER is "${exporter.slice(0, 40)}"; set it to otlp or none.`);
    }
    const all = "OTEL_EXPORTER_OTLP_PROTOCOL";
    const protocol = text(`OTEL_EXPORTER_OTLP_${kind}_PROTOCOL`) ?? text(all);
    if (protocol !== undefined && protocol !== "http/json") {
      variables.findings.push(
        `OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol.slice(0, 40)}"; Signalman sends http/json: unset it, and name the collector's HTTP port in the endpoint.`,
      );
    }
    if (!/^https?:\/\/./.test(url) || !URL.canParse(url)) {
      const name = own === undefined ? "OTEL_EXPORTER_OTLP_ENDPOINT" : `OTEL_EXPORTER_OTLP_${kind}_ENDPOINT`;
      variables.findings.push(`${name} is no address such as http://localhost:4318; correct it or unset it.`);
    }
    return { url, headers: variables.optionalSecret(`OTEL_EXPORTER_OTLP_${kind}_HEADERS`) ?? headers };
  }

  return {
    metrics,
    serviceName: text("OTEL_SERVICE_NAME") ?? "signalman",
    resource: pairsOf(text("OTEL_RESOURCE_ATTRIBUTES") ?? ""),
    traces: signal("TRACES", text("OTEL_TRACES_EXPORTER")),
    metricsPush: signal("METRICS", text("OTEL_METRICS_EXPORTER")),
    logs: signal("LOGS", text("OTEL_LOGS_EXPORTER")),
    sampler: samplerOf(variables),
  };
}

/** The constant-time comparison wants something that nobody guesses. */
export function readMetricsToken(variables: Variables): Secret | null {
  const token = variables.optionalSecret("METRICS_TOKEN");
  if (token !== null && token.reveal().length < 16) {
    variables.findings.push("METRICS_TOKEN has fewer than 16 characters; set a longer one.");
  }
  return token;
}

/** `key=value` pairs with commas between them, values percent-encoded. What is no pair is left out. */
export function pairsOf(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((part) => {
    const at = part.indexOf("=");
    return at < 1 ? [] : [[part.slice(0, at).trim(), decoded(part.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
];

function samplerOf({ text, findings }: Variables): Watch["sampler"] {
  const name = text("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const share = Number(text("OTEL_TRACES_SAMPLER_ARG") ?? "1");
  if (!samplers.includes(name)) {
    findings.push(`OTEL_TRACES_SAMPLER is "${name.slice(0, 40)}"; set it to one of ${samplers.join(", ")}.`);
  }
  if (!(share >= 0 && share <= 1))
    findings.push("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; correct it.");
  const kept = name.endsWith("always_off") ? 0 : name.endsWith("traceidratio") ? share : 1;
  return { share: kept, heedsParent: name.startsWith("parentbased_") };
}
