import type { z } from "zod";
import { inRequest } from "../../watch/in-request.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import { pathTemplate } from "./path-template.ts";
import { readText } from "./read-text.ts";
import { type Answered, type Asked, failureOf, isResourceNotFound } from "./rest-failure.ts";
import { WireEnvelope } from "./wire.ts";

export type FeatBitLog = Pick<Log, "info" | "warn">;

export interface RestOptions {
  /** Base of FeatBit's REST API, without `/api/v1`. */
  apiUrl: string;
  /** Access token, sent as it is (never as `Bearer …`, which FeatBit refuses). */
  token: string;
  /** The setting that holds the token, for error texts. */
  tokenSetting: string;
  /** For one request, its answer's body included; 10,000 unless told. */
  timeoutMs?: number | undefined;
  /** Largest answer taken, in bytes; 32 MiB unless told (a page of 200 flags is about 115 KB). */
  maxBytes?: number | undefined;
  log?: FeatBitLog | undefined;
}

export type Query = Record<string, string | number | boolean | readonly string[]>;

export interface RestClient {
  /** Answers `data`; null for FeatBit's own 404. @throws OpsError for everything else. */
  get<T extends z.ZodType>(
    path: string,
    query: Query,
    schema: T,
    needs?: string,
  ): Promise<z.output<T> | null>;
  /** @throws OpsError; see `isCertainlyNotWritten` for what it says about the write. */
  put<T extends z.ZodType>(path: string, body: unknown, schema: T, needs: string): Promise<z.output<T>>;
  /** @throws OpsError like `put`. */
  post<T extends z.ZodType>(path: string, body: unknown, schema: T, needs: string): Promise<z.output<T>>;
}

/**
 * FeatBit's REST API. An answer counts only when its status, content type, envelope (`success`) and shape are as
 * the contract says. Neither tokens nor bodies are ever part of an error or a log line.
 */
export function createRestClient(options: RestOptions): RestClient {
  const base = baseOf(options.apiUrl);
  const token = tokenOf(options);
  const timeoutMs = options.timeoutMs ?? 10_000;
  const maxBytes = options.maxBytes ?? 32 * 1024 * 1024;

  const ask = (asked: Asked, body: unknown): Promise<Answered> =>
    inRequest(
      { method: asked.method, server: base, template: pathTemplate(asked.path) },
      () => fetchIt(asked, body),
      ({ status }) => status,
    );

  async function fetchIt(asked: Asked, body: unknown): Promise<Answered> {
    const signal = AbortSignal.timeout(timeoutMs);
    const where = `${asked.method} ${asked.path}`;
    let response: Response;
    try {
      response = await fetch(base + asked.path, {
        method: asked.method,
        // A redirected write would be sent again, to an address nobody chose.
        redirect: "manual",
        headers: {
          authorization: token,
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal,
      });
    } catch (cause) {
      if (signal.aborted) throw tooLate(where, timeoutMs, cause);
      throw new OpsError(
        "unreachable",
        `FeatBit could not be reached (${codeOf(cause)} at ${where}): check FEATBIT_API_URL (${base}) and the network.`,
        { cause },
      );
    }
    try {
      const text = await readText(response, maxBytes, where);
      return { status: response.status, headers: response.headers, body: text };
    } catch (cause) {
      if (signal.aborted) throw tooLate(where, timeoutMs, cause);
      if (cause instanceof OpsError) throw cause;
      throw new OpsError("bad_answer", `FeatBit's answer was cut off (${codeOf(cause)} at ${where}).`, {
        cause,
      });
    }
  }

  async function send<T extends z.ZodType>(
    method: string,
    path: string,
    body: unknown,
    schema: T,
    needs: string,
  ): Promise<z.output<T>> {
    const asked = { method, path: `/api/v1${path}`, needs, tokenSetting: options.tokenSetting };
    return dataOf(asked, await ask(asked, body), schema);
  }

  return {
    async get(path, query, schema, needs = "CanAccessEnv") {
      const asked = {
        method: "GET",
        path: `/api/v1${path}${queryText(query)}`,
        needs,
        tokenSetting: options.tokenSetting,
      };
      const answer = await ask(asked, undefined);
      return isResourceNotFound(answer) ? null : dataOf(asked, answer, schema);
    },
    put: (path, body, schema, needs) => send("PUT", path, body, schema, needs),
    post: (path, body, schema, needs) => send("POST", path, body, schema, needs),
  };
}

/** A flag key as one path segment. @throws OpsError `rejected` for keys that URLs cannot carry there. */
export function flagPath(environmentId: string, flagKey: string): string {
  // "." and ".." are resolved away by every URL parser, encoded or not: the request would go elsewhere.
  if (/^\.{1,2}$/.test(flagKey)) {
    throw new OpsError(
      "rejected",
      `The flag key "${flagKey}" cannot be asked for over HTTP: rename the flag.`,
    );
  }
  return `/envs/${encodeURIComponent(environmentId)}/feature-flags/${encodeURIComponent(flagKey)}`;
}

function dataOf<T extends z.ZodType>(asked: Asked, answer: Answered, schema: T): z.output<T> {
  if (answer.status !== 200) throw failureOf(asked, answer);
  const where = `${asked.method} ${asked.path}`;
  const type = answer.headers.get("content-type") ?? "none";
  if (!/^application\/(?:[\w.+-]*\+)?json\b/i.test(type)) {
    throw new OpsError(
      "bad_answer",
      `The answer of ${where} is not JSON (content type ${plainText(type, 60)}): check that FEATBIT_API_URL is FeatBit's API, not its web console.`,
    );
  }
  const envelope = WireEnvelope.safeParse(parsed(answer.body, where));
  if (!envelope.success)
    throw new OpsError("bad_answer", `The answer of ${where} has no FeatBit envelope around it.`);
  if (!envelope.data.success) {
    const codes = plainText(envelope.data.errors.join(", ")) || "no reason given";
    throw new OpsError(
      "rejected",
      `FeatBit refused the request (200 with success false at ${where}: ${codes}).`,
    );
  }
  const data = schema.safeParse(envelope.data.data);
  if (data.success) return data.data;
  // Only where and what kind: the value itself could be a secret.
  const issue = data.error.issues[0];
  const member = issue === undefined ? "" : ` (${issue.code} at data.${issue.path.map(String).join(".")})`;
  throw new OpsError(
    "bad_answer",
    `The answer of ${where} is not in the form of FeatBit 5.4${plainText(member, 120)}.`,
  );
}

function parsed(body: string, where: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new OpsError("bad_answer", `The answer of ${where} is not complete JSON.`);
  }
}

/** Failures after which FeatBit cannot have written anything: it answered no, or was never reached. */
export function isCertainlyNotWritten(failure: OpsError): boolean {
  if (failure.code === "unreachable") return neverConnected.has(codeOf(failure.cause));
  return definite.has(failure.code);
}

const definite: ReadonlySet<string> = new Set([
  "unauthorized",
  "forbidden",
  "not_found",
  "rejected",
  "rate_limited",
]);

const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "connection cut";
}

function tooLate(where: string, timeoutMs: number, cause: unknown): OpsError {
  return new OpsError("timeout", `FeatBit gave no whole answer within ${timeoutMs} ms (${where}).`, {
    cause,
  });
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of typeof value === "object" ? value : [String(value)]) parameters.append(name, one);
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function baseOf(apiUrl: string): string {
  const url = URL.parse(apiUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") {
    throw new OpsError(
      "misconfigured",
      "FEATBIT_API_URL is not an address such as https://featbit-api.example.com: set it to the base of FeatBit's REST API.",
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

function tokenOf({ token, tokenSetting }: RestOptions): string {
  const trimmed = token.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw new OpsError(
    "misconfigured",
    `${tokenSetting} is not an access token: set it to the token alone (it starts with api-), without "Bearer".`,
  );
}
