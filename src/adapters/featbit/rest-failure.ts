import { plainText } from "../../domain/flag/plain-text.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { WireEnvelope, WireProblem } from "./wire.ts";

/** One request as error texts name it. */
export interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  /** The setting that holds the token, such as `FEATBIT_READ_TOKEN`. */
  tokenSetting: string;
  /** The FeatBit permission the request needs. */
  needs: string;
}

export interface Answered {
  status: number;
  headers: Headers;
  body: string;
}

/** FeatBit's own 404, as opposed to that of a server that does not know the route. */
export function isResourceNotFound(answer: Answered): boolean {
  return answer.status === 404 && codesOf(answer.body).includes("ResourceNotFound");
}

/** The status table of the contract (§1.2) as failures: what happened, where, and what to do. */
export function failureOf(asked: Asked, answer: Answered): OpsError {
  const { status } = answer;
  const at = `${status} at ${asked.method} ${asked.path}`;
  const said = saidBy(answer.body);
  const retryAfterMs = retryAfterOf(answer.headers);
  if (status >= 300 && status < 400) {
    return new OpsError(
      "misconfigured",
      `FeatBit's address answered with a redirect (${at}): set FEATBIT_API_URL to the final address of the API.`,
    );
  }
  if (status === 504) {
    // The proxy has given up, FeatBit has not: the request may well go on.
    return new OpsError("timeout", `A proxy before FeatBit gave up waiting for it (${at}).`, {
      retryAfterMs,
    });
  }
  if (status >= 500) {
    return new OpsError("server_error", `FeatBit failed (${at}${said}): look at the log of its API server.`, {
      retryAfterMs,
    });
  }
  switch (status) {
    case 401:
      return new OpsError(
        "unauthorized",
        `FeatBit refused the access token (${at}): set ${asked.tokenSetting} to an active access token that starts with api-.`,
      );
    case 403:
      return new OpsError("forbidden", forbidden(asked, at, answer.body));
    case 404:
      return new OpsError("not_found", notFound(at, answer));
    case 408:
      return new OpsError("timeout", `FeatBit or a proxy before it gave up waiting (${at}).`);
    case 409:
      return new OpsError(
        "conflict",
        `FeatBit says that the flag has moved since it was read (${at}): read it again.`,
      );
    case 429:
      return new OpsError("rate_limited", `FeatBit or a proxy before it asks to wait (${at}).`, {
        retryAfterMs,
      });
    case 405:
    case 415:
      return new OpsError(
        "rejected",
        `FeatBit did not take the request (${at}): check that nothing between changes it, and that FEATBIT_API_URL is the API of FeatBit 5.4 or newer.`,
      );
    case 400:
    case 413:
    case 422:
      return new OpsError("rejected", `FeatBit refused the request (${at}${said}).`);
    default:
      return new OpsError("bad_answer", `FeatBit answered with a status it should not give (${at}).`, {
        retryAfterMs,
      });
  }
}

function forbidden(asked: Asked, at: string, body: string): string {
  if (body.trim() === "") {
    return `FeatBit does not open this path to access tokens (${at}); a flag key such as "insights" collides with its routes.`;
  }
  return (
    `FeatBit does not let this token do that, or the flag or environment is not there (${at}): ` +
    `grant ${asked.needs} to the token in ${asked.tokenSetting}.`
  );
}

function notFound(at: string, answer: Answered): string {
  return isResourceNotFound(answer)
    ? `FeatBit has no such thing (${at}).`
    : `Nothing answers at this path (${at}): check that FEATBIT_API_URL is the address of FeatBit's API server, without /api/v1.`;
}

function codesOf(body: string): string[] {
  const envelope = WireEnvelope.safeParse(jsonOf(body));
  return envelope.success ? envelope.data.errors : [];
}

/** FeatBit's codes, or the title of an ASP.NET problem; text of others, so cut and cleaned. */
function saidBy(body: string): string {
  const codes = codesOf(body);
  if (codes.length > 0) return `: ${plainText(codes.join(", "))}`;
  const problem = WireProblem.safeParse(jsonOf(body));
  if (!problem.success) return "";
  const fields = Object.keys(problem.data.errors ?? {});
  return `: ${plainText([problem.data.title, ...fields].join(" "))}`;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Seconds or a date (RFC 9110 §10.2.3), in milliseconds from now. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
