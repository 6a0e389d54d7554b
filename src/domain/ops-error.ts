/** Why something outside failed. A closed set: the stage runner and the alerts decide by it, never by text. */
export type OpsErrorCode =
  | "unreachable" // no connection, or it was cut before an answer
  | "timeout" // no answer in the time given
  | "rate_limited" // told to wait; see `retryAfterMs`
  | "unauthorized" // our credential was refused
  | "forbidden" // the credential is known and not allowed to do this
  | "not_found"
  | "conflict" // the thing moved since we read it
  | "rejected" // the request was understood and refused
  | "bad_answer" // the answer was not what the contract says
  | "server_error" // a 5xx or its like
  | "misconfigured"; // our own settings are wrong; the message names the setting

/**
 * A failure of something outside Signalman. Adapters make it, one loop (`run-stage`) obeys it.
 * A bug is a plain `Error`; an expected outcome is a value, not an error.
 */
export class OpsError extends Error {
  override readonly name = "OpsError";
  readonly code: OpsErrorCode;
  readonly retryable: boolean;
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: OpsErrorCode,
    message: string,
    options: { retryable?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableByNature.has(code);
    this.retryAfterMs = options.retryAfterMs;
  }
}

const retryableByNature: ReadonlySet<OpsErrorCode> = new Set([
  "unreachable",
  "timeout",
  "rate_limited",
  "server_error",
  "bad_answer",
]);
