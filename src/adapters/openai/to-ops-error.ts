import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  OpenAIError,
} from "openai";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";

/** The client's failures in our words. What the server wrote is not repeated: it may quote the request. */
export function toOpsError(error: unknown, server: string, timeoutMs: number): unknown {
  const fail = (code: OpsErrorCode, words: string, retryAfterMs?: number) =>
    new OpsError(code, `The model at ${server} ${words}`, { cause: error, retryAfterMs });
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError) {
    return fail("timeout", `did not answer within ${timeoutMs} ms.`);
  }
  if (error instanceof APIConnectionError) {
    return fail("unreachable", "cannot be reached; check OPENAI_BASE_URL and the network.");
  }
  if (error instanceof APIError) return ofStatus(error, fail);
  // What remains of the client's own errors is an answer it could not read.
  if (error instanceof OpenAIError || error instanceof SyntaxError) {
    return fail("bad_answer", "did not answer in the format of Chat Completions.");
  }
  return error;
}

function ofStatus(
  error: InstanceType<typeof APIError>,
  fail: (code: OpsErrorCode, words: string, retryAfterMs?: number) => OpsError,
): OpsError {
  const status: unknown = error.status;
  switch (status) {
    case 401:
      return fail("unauthorized", "refused the key; check OPENAI_API_KEY.");
    case 403:
      return fail("forbidden", "does not allow this; check the rights of OPENAI_API_KEY.");
    case 404:
      return fail(
        "not_found",
        "does not know the model or the address; check OPENAI_MODEL and OPENAI_BASE_URL.",
      );
    case 429:
      return fail("rate_limited", "is over its rate or its quota (429).", retryAfterMs(error));
    default:
      return typeof status === "number" && status < 500
        ? fail("rejected", `refused the request with status ${status}.`)
        : fail("server_error", `failed with status ${typeof status === "number" ? status : "unknown"}.`);
  }
}

function retryAfterMs({ headers }: InstanceType<typeof APIError>): number | undefined {
  const given: unknown = headers instanceof Headers ? headers.get("retry-after") : null;
  const seconds = typeof given === "string" && given.trim() !== "" ? Number(given) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
