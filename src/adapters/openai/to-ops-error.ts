import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  OpenAIError,
} from "openai";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";

interface Asked {
  server: string;
  timeoutMs: number;
  /** The variable that holds the key. */
  keyEnv: string;
}

/**
 * Whether a server that is asked for strict JSON only dislikes how it is asked: `yes` where it says so, `perhaps` where
 * it says nothing that could be told from it.
 */
export function refusesFormat(error: unknown): "yes" | "perhaps" | "no" {
  if (!(error instanceof APIError) || ![400, 422, 501].includes(Number(error.status))) return "no";
  const { param, code, message } = error;
  const said = [param, code, message].join(" ");
  if (aboutFormat.test(said)) return "yes";
  return aboutElse.test(said) || (param ?? "") !== "" ? "no" : "perhaps";
}

/** The parts of a request that differ from format to format. */
const aboutFormat =
  /response.?format|json.?(?:schema|object|mode)|structured.?output|guided|grammar|max_(?:completion_)?tokens.{0,80}(?:support|unknown|unrecogni|unexpected|not permitted|extra)|(?:support|unknown|unrecogni|unexpected|not permitted|extra).{0,80}max_(?:completion_)?tokens/i;
/** What would be refused in any format. */
const aboutElse =
  /context.?(?:length|window|size)|too.?(?:long|large|many)|maximum.{0,40}(?:length|tokens)|content.?(?:filter|policy|management)|moderation|safety|invalid.?prompt|quota|billing|credit|api.?key/i;

/** True where a server refused before it did anything, so that nothing was used. */
export function usedNothing(error: unknown): boolean {
  const status = error instanceof APIError ? Number(error.status) : NaN;
  return (status >= 400 && status < 500) || status === 501;
}

/** The client's failures in our words. What the server wrote is not repeated: it may quote the request. */
export function toOpsError(error: unknown, { server, timeoutMs, keyEnv }: Asked): unknown {
  if (error instanceof OpsError) return error;
  const fail = (code: OpsErrorCode, words: string, retryAfterMs?: number) =>
    new OpsError(code, `The model at ${server} ${words}`, { cause: error, retryAfterMs });
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError) {
    return fail("timeout", `did not answer within ${timeoutMs} ms.`);
  }
  if (error instanceof APIConnectionError) {
    return fail("unreachable", "cannot be reached; check its baseUrl (or OPENAI_BASE_URL) and the network.");
  }
  if (error instanceof APIError) return ofStatus(error, keyEnv, fail);
  // What remains of the client's own errors is an answer it could not read.
  if (error instanceof OpenAIError || error instanceof SyntaxError) {
    return fail("bad_answer", "did not answer in the format of Chat Completions.");
  }
  return error;
}

function ofStatus(
  error: InstanceType<typeof APIError>,
  keyEnv: string,
  fail: (code: OpsErrorCode, words: string, retryAfterMs?: number) => OpsError,
): OpsError {
  const status: unknown = error.status;
  switch (status) {
    case 401:
      return fail("unauthorized", `refused the key; check ${keyEnv}.`);
    case 403:
      return fail("forbidden", `does not allow this; check the rights of ${keyEnv}.`);
    case 404:
      return fail(
        "not_found",
        "does not know the model or the address; check the name and baseUrl of its route (model in signalman.yml, or OPENAI_MODEL and OPENAI_BASE_URL).",
      );
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return fail(
        "rejected",
        `redirects to another address (${status}), which is not followed: the evidence would go there. Give the final address as its baseUrl (or OPENAI_BASE_URL).`,
      );
    case 429:
      return fail("rate_limited", "is over its rate or its quota (429).", retryAfterMs(error));
    default:
      return typeof status === "number" && status < 500
        ? fail("rejected", `refused the request with status ${status}.`)
        : fail("server_error", `failed with status ${typeof status === "number" ? status : "unknown"}.`);
  }
}

/** The header in seconds or as a date; `retry-after-ms` is what some servers add to say it exactly. */
function retryAfterMs({ headers }: InstanceType<typeof APIError>): number | undefined {
  if (!(headers instanceof Headers)) return undefined;
  const exact = numberIn(headers.get("retry-after-ms"));
  if (exact !== undefined) return exact;
  const text = headers.get("retry-after");
  const seconds = numberIn(text);
  if (seconds !== undefined) return seconds * 1000;
  const at = text === null ? NaN : Date.parse(text);
  return Number.isFinite(at) ? Math.max(0, at - Date.now()) : undefined;
}

function numberIn(text: string | null): number | undefined {
  const value = text === null || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
