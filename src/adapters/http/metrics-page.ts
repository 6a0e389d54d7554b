import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { OpsError } from "../../domain/ops-error.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Lock } from "./locks/lock.ts";
import { methodNotAllowed, refuse, unknownPlace } from "./problem.ts";

export type MetricsPage = () => Promise<string>;

/** However many ask, the database is looked at once a second. */
const freshMs = 1000;

/** Answers `GET /metrics` in Prometheus's text format, to whoever `lock` lets in; null: to anybody. */
export function metricsAnswer(page: MetricsPage, lock: Lock | null, log: Log) {
  let asked: Promise<string | null> | null = null;
  let askedAt = 0;

  function ask(): Promise<string | null> {
    const now = performance.now();
    if (asked !== null && now - askedAt < freshMs) return asked;
    askedAt = now;
    asked = page().catch((error: unknown) => {
      log.warn({ intent: "show metrics", err: error }, "The metrics could not be gathered");
      return null;
    });
    return asked;
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Who has no credential learns nothing, not even which methods there are.
    const look = lock?.(request);
    if (look?.kind === "refused") return refuse(request, response, look.problem);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuse(request, response, methodNotAllowed("GET, HEAD"));
    }
    const text = await ask();
    response
      .writeHead(text === null ? 503 : 200, {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
        "content-length": Buffer.byteLength(text ?? ""),
        "cache-control": "no-store",
      })
      .end(request.method === "HEAD" ? undefined : (text ?? ""));
  };
}

/** A port for nothing but the page: who reaches it may read it. Throws `OpsError` where it cannot be listened on. */
export async function openMetricsPort(
  page: MetricsPage,
  { host, port }: { host: string; port: number },
  log: Log,
): Promise<AsyncDisposable & { url: string }> {
  const answer = metricsAnswer(page, null, log);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    if (request.url?.split("?")[0] === "/metrics") void answer(request, response);
    else refuse(request, response, unknownPlace);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const words = `Metrics cannot be shown at ${host}:${port} (${cause.code ?? cause.message}). Change metrics.host or metrics.port in signalman.yml.`;
      reject(new OpsError("misconfigured", words, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  log.info({ intent: "show metrics", port: bound }, "Metrics are shown on a port of their own");
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/metrics`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
