import type { IncomingMessage, ServerResponse } from "node:http";
import { methodNotAllowed, refuse } from "./problem.ts";

/** Says what is missing for useful work, in words for an operator; empty when ready. May throw. */
export type Readiness = () => Promise<readonly string[]>;

const timeoutMs = 2000;
/** Anybody may ask, so all questions of one second share one look at the database. */
const freshMs = 1000;

export type AnswerProbe = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

/** Answers `/livez` (this process runs) and `/readyz` (it can do useful work). */
export function probesOf(readiness: Readiness): AnswerProbe {
  let asked: Promise<readonly string[]> | null = null;
  let askedAt = 0;

  function ask(): Promise<readonly string[]> {
    const now = performance.now();
    if (asked === null || now - askedAt > freshMs) {
      askedAt = now;
      asked = within(readiness);
    }
    return asked;
  }

  return async (request, response, path) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      refuse(request, response, methodNotAllowed("GET, HEAD"));
      return;
    }
    const missing = path === "/livez" ? [] : await ask();
    const text = JSON.stringify(
      missing.length === 0 ? { status: "ok" } : { status: "not_ready", reasons: missing },
    );
    response
      .writeHead(missing.length === 0 ? 200 : 503, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        "cache-control": "no-store",
      })
      .end(request.method === "HEAD" ? undefined : text);
  };
}

async function within(readiness: Readiness): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([`no answer within ${timeoutMs} ms`]), timeoutMs);
  });
  try {
    return await Promise.race([readiness(), late]);
  } catch {
    // Anybody may read this answer; the reason itself is for the log of whoever owns the connection.
    return ["the check failed"];
  } finally {
    clearTimeout(timer);
  }
}
