import { WebClient, type WebClientOptions } from "@slack/web-api";
import { toSlackLogger } from "./slack-logger.ts";
import type { Log } from "../../pipeline/ports/log.ts";

export interface SlackAccess {
  botToken: string;
  /** Base of the Web API, ending in `/api/`; absent: Slack's own. */
  apiUrl?: string | undefined;
}

/**
 * A Web API client that fails fast and leaves trying again to the caller: a repeated `chat.postMessage` whose
 * first answer was lost would be a second message. Never give it `headers` (contract §1, headers trap).
 */
export function createWebClient(access: SlackAccess, log: Log, timeoutMs = 10_000): WebClient {
  return new WebClient(access.botToken, {
    ...(access.apiUrl === undefined ? {} : { slackApiUrl: access.apiUrl }),
    ...failFast,
    timeout: timeoutMs,
    logger: toSlackLogger(log),
  });
}

export const failFast = {
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
} as const satisfies WebClientOptions;
