import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";
import { OpsError } from "../../domain/ops-error.ts";

const badCredential = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "user_removed_from_team",
  "team_disabled",
  "not_allowed_token_type",
]);
const slackIsIll = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
]);
const channelTrouble = new Set(["channel_not_found", "not_in_channel", "is_archived"]);
const messageLost = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

/** The error code of Slack's answer; null when Slack did not answer `ok: false`. */
export function slackCode(error: unknown): string | null {
  return error instanceof WebAPIPlatformError ? error.data.error : null;
}

export function isChannelTrouble(error: unknown): boolean {
  const code = slackCode(error instanceof OpsError ? error.cause : error);
  return code !== null && channelTrouble.has(code);
}

/** True where the message is out of reach for good: deleted, not ours to edit, or in a channel closed to us. */
export function isMessageLost(error: unknown): boolean {
  const code = slackCode(error instanceof OpsError ? error.cause : error);
  return isChannelTrouble(error) || (code !== null && messageLost.has(code));
}

/**
 * What a failed Web API call means. `tokenVariable` names the setting that holds the token, for the sentence.
 * Codes: Slack contract §1 and §4.
 */
export function toOpsError(method: string, error: unknown, tokenVariable = "SLACK_BOT_TOKEN"): OpsError {
  if (error instanceof OpsError) return error;
  if (error instanceof WebAPIRateLimitedError) {
    return new OpsError("rate_limited", `Slack asks to wait ${error.retryAfter} s before ${method}.`, {
      retryAfterMs: error.retryAfter * 1000,
      cause: error,
    });
  }
  if (error instanceof WebAPIHTTPError) {
    const code = error.statusCode >= 500 ? "server_error" : "bad_answer";
    return new OpsError(code, `Slack answered ${method} with HTTP ${error.statusCode}.`, { cause: error });
  }
  if (error instanceof WebAPIRequestError) {
    const late = /timed? ?out|timeout|abort/i.test(`${error.original.name} ${error.original.message}`);
    return late
      ? new OpsError("timeout", `Slack did not answer ${method} in time.`, { cause: error })
      : new OpsError("unreachable", `Slack could not be reached for ${method}: ${error.original.message}`, {
          cause: error,
        });
  }
  if (error instanceof WebAPIPlatformError) return platformFailure(method, error, tokenVariable);
  return new OpsError("bad_answer", `${method} failed: ${String(error)}`, { cause: error });
}

function platformFailure(method: string, error: WebAPIPlatformError, tokenVariable: string): OpsError {
  const code = error.data.error;
  // The client takes any text for an error code: a sign-in page of something in between is no refusal of Slack's.
  if (!/^\w{1,80}$/.test(code)) {
    return new OpsError(
      "bad_answer",
      `What answered ${method} is not Slack: check the network, and slack.apiUrl where it is set.`,
      { cause: error },
    );
  }
  const details = (error.data.response_metadata?.messages ?? []).slice(0, 3).join(" ");
  if (badCredential.has(code)) {
    return new OpsError(
      "unauthorized",
      `Slack refused the token in ${tokenVariable} (${code}). Copy it again from the app's settings page.`,
      { cause: error },
    );
  }
  if (code === "missing_scope") {
    const needed = "needed" in error.data ? String(error.data.needed) : "a scope of manifest.yml";
    return new OpsError(
      "forbidden",
      `The Slack app lacks ${needed} for ${method}. Add it as manifest.yml has it and install the app again.`,
      { cause: error },
    );
  }
  if (channelTrouble.has(code)) {
    const remedy =
      code === "is_archived"
        ? "Name a channel that is not archived."
        : "Invite the app with /invite, and check the channel id in signalman.yml.";
    return new OpsError("not_found", `Slack refused ${method}: ${code}. ${remedy}`, { cause: error });
  }
  if (code === "ratelimited") {
    return new OpsError("rate_limited", `Slack asks to slow down (${method}).`, {
      retryAfterMs: 1000,
      cause: error,
    });
  }
  if (slackIsIll.has(code)) {
    return new OpsError("server_error", `Slack could not do ${method}: ${code}.`, { cause: error });
  }
  return new OpsError("rejected", `Slack refused ${method}: ${code}. ${details}`.trim(), { cause: error });
}
