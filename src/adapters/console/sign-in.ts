import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "../../pipeline/ports/log.ts";
import { answerPage, redirect } from "./answer.ts";
import type { Attempts } from "./attempts.ts";
import { sessionCookie, sessionOf } from "./cookie.ts";
import { signInPage } from "./pages/sign-in-page.ts";
import { incidentsPlace, ownPlace, signInPlace } from "./places.ts";
import type { Sessions } from "./sessions.ts";

export interface SignInDeps {
  /** Asks in constant time whether a text is the token. */
  isToken: (shown: string) => boolean;
  sessions: Sessions;
  attempts: Attempts;
  /** People reach the console by https, so its cookie is for https alone. */
  isSecure: (request: IncomingMessage) => boolean;
  log: Log;
}

const mostBytes = 4096;

/** Comparing digests takes the same time for every guess, and tells no length. */
export function tokenCheck(token: string): (shown: string) => boolean {
  const digest = hash("sha256", token, "buffer");
  return (shown) => timingSafeEqual(hash("sha256", shown, "buffer"), digest);
}

/** The form, and what it sends. Whoever is signed in already goes on to where they wanted to be. */
export async function signIn(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  deps: SignInDeps,
): Promise<void> {
  if (request.method !== "POST") {
    const next = ownPlace(query.get("next")) ?? incidentsPlace;
    if (deps.sessions.holds(sessionOf(request))) return redirect(response, next);
    return answerPage(response, 200, signInPage({ next, fault: null }));
  }
  if (isForeign(request)) return refuse(response, 403, "This form was sent by another site.");
  const form = await readForm(request);
  if (form === null) return refuse(response, 400, "The form could not be read.", { connection: "close" });
  const next = ownPlace(form.get("next")) ?? incidentsPlace;
  const address = request.socket.remoteAddress ?? "";
  const waitSeconds = deps.attempts.waitSeconds(address);
  if (waitSeconds > 0) {
    const fault = `Too many wrong tokens. Try again in ${waitSeconds} s.`;
    return answerPage(response, 429, signInPage({ next, fault }), { "retry-after": String(waitSeconds) });
  }
  if (!deps.isToken(form.get("token") ?? "")) {
    deps.attempts.failed(address);
    deps.log.warn({ intent: "sign in to the console", address }, "A wrong token was shown");
    return answerPage(response, 401, signInPage({ next, fault: "That is not the token." }));
  }
  deps.log.info({ intent: "sign in to the console", address }, "Somebody signed in to the console");
  redirect(response, next, { "set-cookie": sessionCookie(deps.sessions.open(), deps.isSecure(request)) });
}

export function signOut(request: IncomingMessage, response: ServerResponse, deps: SignInDeps): void {
  if (isForeign(request)) return refuse(response, 403, "This form was sent by another site.");
  deps.sessions.close(sessionOf(request));
  redirect(response, signInPlace, { "set-cookie": sessionCookie(null, deps.isSecure(request)) });
}

/** As the browser itself says; browsers that say nothing are held back by the cookie's `SameSite` alone. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function refuse(response: ServerResponse, status: number, fault: string, headers = {}): void {
  answerPage(response, status, signInPage({ next: incidentsPlace, fault }), headers);
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "")) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}
