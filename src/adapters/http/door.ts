import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { OpsError } from "../../domain/ops-error.ts";
import { decoyLock, type DoorSource, entrancesOf } from "./entrance.ts";
import { ourFault, type Problem, problemText, refuse, tooSlow, unknownPlace } from "./problem.ts";
import { probesOf, type Readiness } from "./probes.ts";
import { bearerLock } from "./locks/secret-locks.ts";
import { metricsAnswer, type MetricsPage } from "./metrics-page.ts";
import { refusalLog } from "./refusal-log.ts";
import { internet, type Internet } from "./sns/get-pinned.ts";
import type { Clock } from "./sns/signing-keys.ts";
import { watchRequest } from "./watch-request.ts";
import { takeDelivery, type TakeDeliveryDeps } from "./take-delivery.ts";

export interface DoorOptions extends Omit<TakeDeliveryDeps, "entrances" | "decoy" | "refused"> {
  host: string;
  /** 0 takes any free one. */
  port: number;
  sources: readonly DoorSource[];
  /** Without it, ready as soon as it listens. */
  readiness?: Readiness;
  /** Absent: there is no such place. */
  metrics?: { page: MetricsPage; token: string } | undefined;
  /** In milliseconds: for the head of a request, for all of it, and for what is in hand when the door closes. */
  timeouts?: { headMs?: number; requestMs?: number; closeMs?: number };
  /** Signed times are held against `now`, rates against `monotonic`; absent: this machine's. */
  clock?: Clock;
  /** The only way out of the door: to SNS, for its certificates and confirmations; absent: the real one. */
  net?: Internet;
}

export interface Door extends AsyncDisposable {
  url: string;
  port: number;
}

const webhooks = "/webhooks/";
const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/**
 * Opens the door: `POST /webhooks/<source-id>`, `/livez`, `/readyz`, `/metrics`. Disposing it stops accepting, lets requests in
 * hand end, then cuts what is left. Throws `OpsError` (`misconfigured`) for a source without a secret and for an
 * address that cannot be listened on.
 */
export async function createDoor(options: DoorOptions): Promise<Door> {
  const { host, port, log, readiness = () => Promise.resolve([]), timeouts = {} } = options;
  const { headMs = 10_000, requestMs = 15_000, closeMs = 5000 } = timeouts;
  const { clock = systemClock, net = internet } = options;
  const closed = new AbortController();
  const entrances = entrancesOf(options.sources, { clock, net, log, closing: closed.signal });
  const refused = refusalLog(log, clock.monotonic);
  const deps: TakeDeliveryDeps = { ...options, entrances, decoy: decoyLock(), refused };
  const answerProbe = probesOf(readiness);
  const { metrics } = options;
  const answerMetrics = metrics && metricsAnswer(metrics.page, bearerLock(metrics.token), log);
  let closing = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (closing) response.shouldKeepAlive = false;
    const path = pathOf(request);
    if (path.startsWith(webhooks)) {
      const source = path.slice(webhooks.length);
      return watchRequest(request, response, entrances.has(source) ? source : null, () =>
        takeDelivery(request, response, source, deps),
      );
    }
    if (path === "/livez" || path === "/readyz") return answerProbe(request, response, path);
    if (path === "/metrics" && answerMetrics) return answerMetrics(request, response);
    refuse(request, response, unknownPlace);
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => {
      log.error(
        { stage: "intake", intent: "answer a request", errorClass: "bug", err: error },
        "A request to the door failed",
      );
      if (!response.headersSent) refuse(request, response, ourFault);
      else if (!response.writableEnded) request.socket.destroy();
    });
  };
  const server = createServer(
    {
      headersTimeout: headMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1000, headMs / 2, requestMs / 2),
      keepAliveTimeout: 65_000,
    },
    handle,
  );
  // A sender that asks first is told before it sends a body that would be refused anyway.
  server.on("checkContinue", handle);
  server.on("clientError", answerUnreadable);

  await listen(server, host, port);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("door: listening without a port");
  return {
    port: address.port,
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      closing = true;
      closed.abort();
      await close(server, closeMs);
    },
  };
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

/** What Node's parser could not read, or did not get in time. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const problem = unreadable(error.code);
  const text = problemText(problem);
  socket.write(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nConnection: close\r\n` +
      `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  socket.destroySoon();
}

function unreadable(code: string | undefined): Problem {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return tooSlow;
  if (code === "HPE_HEADER_OVERFLOW") {
    return { status: 431, code: "head-too-large", title: "Headers too large", detail: "Send fewer headers." };
  }
  return { status: 400, code: "bad-request", title: "Not HTTP", detail: "The request could not be read." };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const why =
        error.code === "EADDRINUSE"
          ? "something else listens there"
          : `the system says ${error.code ?? error}`;
      reject(
        new OpsError(
          "misconfigured",
          `Webhooks cannot come in at ${host}:${port}: ${why}. Change server.host or server.port in signalman.yml.`,
          { cause: error },
        ),
      );
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function close(server: Server, closeMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), closeMs);
    // Connections whose last answer goes out only now would be kept alive for the next request.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(idle);
      resolve();
    });
  });
}
