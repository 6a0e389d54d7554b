import type { IncomingMessage, ServerResponse } from "node:http";
import { createHttpFaults, type HttpFaults } from "../http-faults.ts";
import { createLoopbackServer, readBody } from "../loopback-server.ts";
import { PromqlError } from "./promql-error.ts";
import { runInstantQuery, runRangeQuery } from "./run-query.ts";
import { createSeriesStore, type SeriesStore } from "./series-store.ts";

export type PrometheusAuth =
  { kind: "bearer"; token: string } | { kind: "basic"; username: string; password: string };

export type PrometheusSandboxOptions = { port?: number; auth?: PrometheusAuth; now?: () => number };

export type PrometheusSandbox = AsyncDisposable & {
  readonly url: string;
  readonly store: SeriesStore;
  readonly faults: HttpFaults;
  /** Every request that reached the stand-in, in order. */
  readonly requests: { method: string; path: string; query: string | null; status: number }[];
};

const bodyLimitBytes = 1_000_000;

/** A Prometheus query API over an in-memory store. Format: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export async function createPrometheusSandbox(
  options: PrometheusSandboxOptions = {},
): Promise<PrometheusSandbox> {
  const { auth, now = Date.now } = options;
  const store = createSeriesStore();
  const faults = createHttpFaults();
  const requests: PrometheusSandbox["requests"] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://sandbox");
    const method = request.method ?? "GET";
    const log = { method, path: url.pathname, query: url.searchParams.get("query"), status: 0 };
    requests.push(log);
    response.once("close", () => (log.status = response.headersSent ? response.statusCode : 0));

    if (await faults.meet(url.pathname, response, faultBody)) return;
    if (auth !== undefined && request.headers.authorization !== expectedHeader(auth)) {
      response.writeHead(401, {
        "content-type": "text/plain; charset=utf-8",
        "www-authenticate": challenge(auth),
      });
      response.end("Unauthorized\n");
      return;
    }
    const params = url.searchParams;
    if (method === "POST") {
      const body = await readBody(request, bodyLimitBytes);
      if (body === undefined) return text(response, 413, "http: request body too large\n");
      for (const [name, value] of new URLSearchParams(body)) params.append(name, value);
      log.query = params.get("query");
    }
    if (method !== "GET" && method !== "POST") {
      response.setHeader("allow", "GET, OPTIONS, POST");
      return text(response, 405, "Method Not Allowed\n");
    }
    route(url.pathname, params, response);
  }

  function route(path: string, params: URLSearchParams, response: ServerResponse): void {
    switch (path) {
      case "/api/v1/query":
        return answer(response, () => runInstantQuery(store, params, now()));
      case "/api/v1/query_range":
        return answer(response, () => runRangeQuery(store, params));
      case "/api/v1/labels":
        return answer(response, () => store.labelNames());
      case "/api/v1/status/buildinfo":
        return answer(response, () => buildInfo);
      case "/-/healthy":
        return text(response, 200, "Prometheus Server is Healthy.\n");
      default:
        return text(response, 404, "404 page not found\n");
    }
  }

  const server = await createLoopbackServer(handle, options.port);
  return {
    url: server.url,
    store,
    faults,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const buildInfo = {
  version: "3.5.0",
  revision: "sandbox",
  branch: "HEAD",
  buildUser: "signalman-sandbox",
  buildDate: "20250714-00:00:00",
  goVersion: "none",
};

function answer(response: ServerResponse, run: () => unknown): void {
  try {
    json(response, 200, { status: "success", data: run() });
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    const status = error.errorType === "bad_data" ? 400 : 422;
    json(response, status, { status: "error", errorType: error.errorType, error: error.message });
  }
}

function faultBody(status: number): string {
  const errorType =
    status === 503 ? "unavailable" : status === 422 ? "execution" : status < 500 ? "bad_data" : "internal";
  const error = status === 503 ? "TSDB not ready" : "fault injected by the sandbox";
  return JSON.stringify({ status: "error", errorType, error });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(body);
}

function expectedHeader(auth: PrometheusAuth): string {
  if (auth.kind === "bearer") return `Bearer ${auth.token}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
}

function challenge(auth: PrometheusAuth): string {
  return auth.kind === "bearer" ? "Bearer" : "Basic";
}
