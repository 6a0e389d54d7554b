import type { BlockAction } from "@slack/bolt";
import type { Front } from "../front.ts";

/** A button with a URL opens it by itself, and Slack still wants to be answered. */
export function listenToLinks({ app }: Front): void {
  app.action<BlockAction>(/^open_link:/, async ({ ack }) => {
    await ack();
  });
}
