import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";
import type { Series, Telemetry } from "../../pipeline/ports/telemetry.ts";
import { inRequest } from "../../watch/in-request.ts";
import { readLimited } from "./read-limited.ts";
import { ErrorAnswer, MatrixAnswer } from "./wire.ts";

type PrometheusAuth =
  { kind: "none" } | { kind: "bearer"; token: string } | { kind: "basic"; user: string; password: string };

export interface PrometheusOptions {
  /** Base address; `/api/v1/query_range` is put behind it, so a path (Mimir's `/prometheus`) is kept. */
  url: string;
  auth?: PrometheusAuth;
  timeoutMs: number;
}

const mostBytes = 16_000_000;
const mostSeries = 200;
/** Prometheus itself answers no more per series. */
const mostPoints = 11_000;

/**
 * Metrics by the HTTP API of Prometheus and what speaks it (Mimir, Thanos, VictoriaMetrics, Grafana Cloud).
 * Queries go as a form, so that long ones fit. Throws `OpsError` with a sentence that names server and remedy.
 */
export function createPrometheus({ url, auth = { kind: "none" }, timeoutMs }: PrometheusOptions): Telemetry {
  const endpoint = `${url.replace(/\/+$/, "")}/api/v1/query_range`;
  const server = hostOf(endpoint);
  const authorization = headerOf(auth);

  return {
    async range(promql, from, to, stepMs) {
      const form = new URLSearchParams({
        query: promql,
        start: seconds(Date.parse(from)),
        end: seconds(Date.parse(to)),
        step: seconds(stepMs),
        timeout: `${timeoutMs}ms`,
      });
      const { status, text } = await inRequest(
        { method: "POST", server: endpoint, template: "/api/v1/query_range" },
        () => ask(form),
        (answer) => answer.status,
      );
      const body = parsed(text);
      if (status !== 200) throw refusal(status, body);
      const matrix = MatrixAnswer.safeParse(body);
      if (!matrix.success) {
        throw new OpsError(
          "bad_answer",
          `Prometheus at ${server} did not answer in its own format; check that PROMETHEUS_URL is its base address.`,
        );
      }
      return seriesOf(matrix.data);
    },
  };

  async function ask(form: URLSearchParams): Promise<{ status: number; text: string }> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { accept: "application/json", ...authorization },
        body: form,
        // A redirect could carry the credential elsewhere.
        redirect: "error",
        signal,
      });
      const text = await readLimited(response, mostBytes);
      if (text === null) {
        throw new OpsError(
          "rejected",
          `Prometheus at ${server} answers with more than ${mostBytes / 1_000_000} MB; let the query aggregate.`,
        );
      }
      return { status: response.status, text };
    } catch (error) {
      if (error instanceof OpsError) throw error;
      if (signal.aborted) {
        throw new OpsError("timeout", `Prometheus at ${server} did not answer within ${timeoutMs} ms.`, {
          cause: error,
        });
      }
      const reason = `Prometheus at ${server} cannot be reached; check PROMETHEUS_URL and the network.`;
      throw new OpsError("unreachable", reason, { cause: error });
    }
  }

  function refusal(status: number, body: unknown): OpsError {
    const answer = ErrorAnswer.safeParse(body);
    const words = answer.success ? `: ${answer.data.error.slice(0, 300)}` : ` with status ${status}.`;
    const code = codeOf(status);
    const hint =
      code === "unauthorized" || code === "forbidden"
        ? " Check PROMETHEUS_TOKEN, or PROMETHEUS_USER and PROMETHEUS_PASSWORD."
        : "";
    return new OpsError(code, `Prometheus at ${server} refused the query${words}${hint}`);
  }
}

function seriesOf({ data }: MatrixAnswer): Series[] {
  if (data.result.length > mostSeries) {
    throw new OpsError(
      "rejected",
      `The query gives ${data.result.length} series, more than ${mostSeries}; aggregate with "sum by (…)".`,
    );
  }
  if (data.result.some(({ values }) => values.length > mostPoints)) {
    throw new OpsError(
      "bad_answer",
      `The metrics server answers with more than ${mostPoints} points a series, more than was asked for.`,
    );
  }
  return data.result.map(({ metric, values }) => ({
    labels: metric,
    points: values
      .map(([at, value]): [number, number] => [Math.round(at * 1000), numberOf(value)])
      .filter(([, value]) => Number.isFinite(value)),
  }));
}

const codes: Record<number, OpsErrorCode> = {
  400: "rejected",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  422: "rejected",
  429: "rate_limited",
};

function codeOf(status: number): OpsErrorCode {
  return codes[status] ?? (status >= 500 ? "server_error" : "rejected");
}

function headerOf(auth: PrometheusAuth): { authorization?: string } {
  if (auth.kind === "none") return {};
  if (auth.kind === "bearer") return { authorization: `Bearer ${auth.token}` };
  return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}` };
}

/** Prometheus writes NaN, +Inf and -Inf; an empty text would count as 0. */
function numberOf(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : "the configured address";
}
