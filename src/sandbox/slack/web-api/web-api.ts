import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../json.ts";
import type { Fault } from "../faults.ts";
import type { Token } from "../tokens.ts";
import type { World } from "../world.ts";
import { createAppMethods } from "./app-methods.ts";
import { chatMethods, limitedChannel } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./file-methods.ts";
import { ApiRefusal, type ApiMethod, type Args } from "./method.ts";
import { peopleMethods } from "./people.ts";
import { readArguments } from "./read-arguments.ts";
import { viewMethods } from "./view-methods.ts";

/** One line of the independent record of calls. `at` is epoch ms; tokens are not kept. */
export type CallLogEntry = {
  readonly at: number;
  readonly method: string;
  readonly args: Args;
  readonly result: JsonObject;
  readonly fault?: Fault["kind"];
};

type Answer = {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
};

/** Serves `/api/<method>` as Slack does: HTTP 200 with `ok`, whatever the outcome, except for rate limits. */
export function createWebApi(world: World, baseUrl: () => string, openSocket: (ticket: string) => void) {
  const methods: Readonly<Record<string, ApiMethod>> = {
    ...chatMethods,
    ...viewMethods,
    ...peopleMethods,
    ...conversationMethods,
    ...fileMethods,
    ...createAppMethods(openSocket),
  };
  const callLog: CallLogEntry[] = [];
  const lastPost = new Map<string, number>();

  const serve = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const name = url.pathname.slice("/api/".length);
    const fault = world.faults.take(name);
    const note = (args: Args, result: JsonObject) => {
      const { token: _, ...kept } = args;
      callLog.push({
        at: world.now(),
        method: name,
        args: kept,
        result,
        ...(fault ? { fault: fault.kind } : {}),
      });
    };
    if (fault !== undefined && fault.kind !== "delay" && fault.kind !== "drop_after_effect") {
      note(await readArguments(request, url.searchParams).catch(() => ({})), {
        ok: false,
        error: `fault:${fault.kind}`,
      });
      return failInstead(fault, response);
    }
    if (fault?.kind === "delay") await sleep(fault.delayMs);
    const { args, answer } = await answerTo(name, request, url);
    note(args, answer.body);
    if (fault?.kind === "drop_after_effect") return void response.destroy();
    send(response, answer);
  };

  const answerTo = async (name: string, request: IncomingMessage, url: URL) => {
    let args: Args = {};
    let headers: Record<string, string> = {};
    try {
      args = await readArguments(request, url.searchParams);
      const token = authenticate(request, args);
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      if (method === undefined) throw new ApiRefusal("unknown_method", { req_method: name });
      headers = {
        "x-oauth-scopes": token.scopes.join(","),
        "x-accepted-oauth-scopes": method.scopes.join(","),
      };
      authorize(method, token);
      const waitS = secondsToWait(name, args);
      if (waitS > 0) return { args, answer: rateLimited(waitS) };
      const body = { ok: true, ...method.run({ world, args, token, baseUrl: baseUrl() }) };
      return { args, answer: { status: 200, body, headers } };
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      return {
        args,
        answer: { status: 200, body: { ok: false, error: error.code, ...error.details }, headers },
      };
    }
  };

  const authenticate = (request: IncomingMessage, args: Args): Token => {
    const header = request.headers.authorization?.replace(/^Bearer /i, "");
    const value = header ?? (typeof args["token"] === "string" ? args["token"] : undefined);
    if (value === undefined) throw new ApiRefusal("not_authed");
    const token = world.tokens.find(value);
    if (token === undefined) throw new ApiRefusal("invalid_auth");
    if (token.revoked) throw new ApiRefusal("token_revoked");
    return token;
  };

  const secondsToWait = (name: string, args: Args): number => {
    const perSecond = world.messagesPerSecondPerChannel;
    const channel = limitedChannel(name, args);
    if (perSecond === undefined || channel === undefined) return 0;
    const freeAt = (lastPost.get(channel) ?? 0) + 1000 / perSecond;
    if (world.now() < freeAt) return Math.ceil((freeAt - world.now()) / 1000);
    lastPost.set(channel, world.now());
    return 0;
  };

  return { serve, callLog: callLog as readonly CallLogEntry[] };
}

function authorize(method: ApiMethod, token: Token): void {
  if (!method.tokens.includes(token.kind)) throw new ApiRefusal("not_allowed_token_type");
  const missing = method.scopes.filter((scope) => !token.scopes.includes(scope));
  if (missing.length > 0) {
    throw new ApiRefusal("missing_scope", { needed: missing.join(","), provided: token.scopes.join(",") });
  }
}

function rateLimited(retryAfterS: number): Answer {
  return {
    status: 429,
    body: { ok: false, error: "ratelimited" },
    headers: { "retry-after": String(retryAfterS) },
  };
}

function failInstead(fault: Fault, response: ServerResponse): void {
  if (fault.kind === "error")
    send(response, { status: 200, body: { ok: false, error: fault.error }, headers: {} });
  if (fault.kind === "status") response.writeHead(fault.status).end("upstream failure");
  if (fault.kind === "rate_limited") send(response, rateLimited(fault.retryAfterS));
  if (fault.kind === "drop") response.destroy();
  // A hanging call is left open; closing the sandbox ends it.
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  if (response.destroyed) return;
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
    .end(JSON.stringify(body));
}
