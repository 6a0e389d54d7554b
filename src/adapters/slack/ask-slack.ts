import type { KnownBlock, MessageMetadata } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import type { z } from "zod";
import { inRequest } from "../../watch/in-request.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { toOpsError } from "./slack-failure.ts";

/** Slack's answer to one Web API call, checked; an `OpsError` for everything else. */
export async function askSlack<Shape extends z.ZodType>(
  method: string,
  shape: Shape,
  request: () => Promise<unknown>,
): Promise<z.infer<Shape>> {
  // By whatever address: the method is what there is to know.
  const call = { method: "POST", server: "https://slack.com", template: `/api/${method}` };
  const answer = await inRequest(call, () =>
    request().catch((error: unknown) => {
      throw toOpsError(method, error);
    }),
  );
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new OpsError("bad_answer", `Slack's answer to ${method} is not what its documentation says.`);
}

export interface OutgoingMessage {
  channel: string;
  text: string;
  blocks: KnownBlock[];
  thread_ts?: string;
  metadata?: MessageMetadata;
}

/** Every message of ours: nothing in it is unfurled, whatever it says. */
export function postMessage(client: WebClient, message: OutgoingMessage) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that rule means a browser's postMessage
  return client.chat.postMessage({ ...message, unfurl_links: false, unfurl_media: false });
}
