import type { WebClient } from "@slack/web-api";
import { OpsError } from "../../domain/ops-error.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Noticeboard } from "../../pipeline/ports/noticeboard.ts";
import type { Postings } from "../../pipeline/ports/storage.ts";
import { askSlack, postMessage } from "./ask-slack.ts";
import { joinLines, section } from "./blocks.ts";
import { noticeLines } from "./notice-lines.ts";
import type { Pacer } from "./pacer.ts";
import { renderedHash } from "./rendered-hash.ts";
import { isChannelTrouble } from "./slack-failure.ts";
import { WirePosted } from "./wire.ts";

export interface NoticeboardOptions {
  client: WebClient;
  pacer: Pacer;
  postings: Postings;
  defaultChannel: string;
  opsChannel?: string | undefined;
  log: Log;
}

/** Posts what belongs to no incident: to the channel asked for, else where operators look, else the default one. */
export function createNoticeboard(options: NoticeboardOptions): Noticeboard {
  const { client, pacer, postings, defaultChannel, opsChannel = "", log } = options;
  return {
    async post(notice, { subject, part, channel: wanted }) {
      const lines = noticeLines(notice);
      const message = { text: joinLines(lines, 3000), blocks: [section(lines, 2500)] };
      const order = wanted === "" ? [opsChannel, defaultChannel] : [wanted, defaultChannel, opsChannel];
      const channels = [...new Set(order)].filter((channel) => channel !== "");
      for (const [index, each] of channels.entries()) {
        try {
          const { channel, ts } = await pacer.send(each, "line", () =>
            askSlack("chat.postMessage", WirePosted, () =>
              postMessage(client, { channel: each, ...message }),
            ),
          );
          return await postings.record({ subject, part, channel, ts, renderedHash: renderedHash(message) });
        } catch (error) {
          if (!isChannelTrouble(error) || index === channels.length - 1) throw error;
          log.warn(
            { intent: "post a notice", err: error, subject, channel: each },
            `${String(error)} Trying the next channel.`,
          );
        }
      }
      throw new OpsError("misconfigured", "No Slack channel is configured to post notices to.");
    },
  };
}
