import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Plot } from "../../domain/evidence/plot.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ConsoleReads } from "../../pipeline/ports/console-reads.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import { answer, answerPage, redirect } from "./answer.ts";
import { createAttempts } from "./attempts.ts";
import { sessionOf } from "./cookie.ts";
import { elsewherePage } from "./pages/elsewhere-page.ts";
import { problemPage } from "./pages/problem-page.ts";
import { ownPlace, root, signInPlace, signOutPlace } from "./places.ts";
import { routeOf, type Shown } from "./routes.ts";
import { createSessions } from "./sessions.ts";
import { signIn, type SignInDeps, signOut, tokenCheck } from "./sign-in.ts";

export interface ConsoleOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Whoever shows it may read everything. */
  token: string;
  /** Where people reach it; null: only by its own address. */
  publicUrl: string | null;
  reads: ConsoleReads;
  /** A plot as SVG. */
  drawPlot: (plot: Plot) => string;
  log: Log;
  /** Milliseconds that never go back; absent: this machine's. */
  now?: () => number;
}

export interface Console extends AsyncDisposable {
  /** Without a slash at its end. */
  url: string;
  port: number;
}

const styles = ["theme", "layout", "content", "small-screens"];

/**
 * Opens the read-only console: pages for whoever is signed in, and beside them only signing in and out. Throws
 * `OpsError` (`misconfigured`) for an address that cannot be listened on.
 */
export async function createConsole(options: ConsoleOptions): Promise<Console> {
  const { host, port, log, now = () => performance.now() } = options;
  const stylesheet = (await Promise.all(styles.map((name) => readOwn(`styles/${name}.css`)))).join("\n");
  const icon = await readOwn("icon.svg");
  const sessions = createSessions(now);
  const signing: SignInDeps = {
    isToken: tokenCheck(options.token),
    sessions,
    attempts: createAttempts(now),
    isSecure: ({ headers }) =>
      options.publicUrl?.startsWith("https:") === true || headers["x-forwarded-proto"] === "https",
    log,
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = addressOf(request);
    const reading = request.method === "GET" || request.method === "HEAD";
    if (reading && path === `${root}/style.css`) {
      return answer(response, 200, { type: "text/css", text: stylesheet });
    }
    if (reading && path === `${root}/icon.svg`) {
      return answer(response, 200, { type: "image/svg+xml", text: icon });
    }
    if (path === signInPlace && (reading || request.method === "POST")) {
      return signIn(request, response, query, signing);
    }
    if (!sessions.holds(sessionOf(request))) return turnAway(request, response);
    if (path === signOutPlace && request.method === "POST") return signOut(request, response, signing);
    if (!reading) {
      const page = problemPage("Not here", "The console only reads. What is to be done is done in Slack.");
      return answerPage(response, 405, page, { allow: "GET, HEAD" });
    }
    show(response, await routeOf(path, query, options));
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch((error: unknown) => fail(response, error, log));
  };
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 },
    handle,
  );
  await listen(server, host, port);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("console: listening without a port");
  const shownHost = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    port: address.port,
    url: `http://${shownHost}:${address.port}${root}`,
    [Symbol.asyncDispose]: () => close(server),
  };
}

function show(response: ServerResponse, shown: Shown): void {
  switch (shown.kind) {
    case "page":
      return answerPage(response, 200, shown.page);
    case "missing":
      return answerPage(response, 404, problemPage("Not found", shown.what));
    case "picture":
      return answer(response, 200, { type: "image/svg+xml", text: shown.svg });
    case "moved":
      return redirect(response, shown.to);
  }
}

/** Nobody learns without a session which pages there are. */
function turnAway(request: IncomingMessage, response: ServerResponse): void {
  const wanted = ownPlace(request.url ?? "");
  const wantsPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
  if (!wantsPage) {
    return answer(response, 401, { type: "text/plain", text: `Sign in at ${signInPlace}.\n` });
  }
  if (request.headers["sec-fetch-site"] === "cross-site" && wanted !== null) {
    return answerPage(response, 401, elsewherePage(wanted));
  }
  const next = wanted === null || /^\/console\/?$/.test(wanted) ? "" : `?next=${encodeURIComponent(wanted)}`;
  redirect(response, `${signInPlace}${next}`);
}

function fail(response: ServerResponse, error: unknown, log: Log): void {
  const expected = error instanceof OpsError;
  log.error(
    { intent: "show a page of the console", errorClass: expected ? error.code : "bug", err: error },
    "A page of the console could not be shown",
  );
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const page = expected
    ? problemPage("Not now", `${error.message} Nothing is lost; try again in a moment.`)
    : problemPage("A fault in Signalman itself", "Its log describes it.");
  answerPage(response, expected ? 503 : 500, page);
}

function addressOf({ url = "/" }: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = "/", query = ""] = url.split("?", 2);
  return { path: path.length > 1 ? path.replace(/\/$/, "") : path, query: new URLSearchParams(query) };
}

function readOwn(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), "utf8");
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const why =
        error.code === "EADDRINUSE" ? "something else listens there" : (error.code ?? String(error));
      const remedy = "Change console.host or console.port in signalman.yml.";
      const what = `The console cannot be shown at ${host}:${port}: ${why}. ${remedy}`;
      reject(new OpsError("misconfigured", what, { cause: error }));
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

const closeMs = 2000;

/** What is being read may end; a connection that a browser only keeps is cut. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), closeMs);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
