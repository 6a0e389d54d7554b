import { createHash } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import { OpsError } from "../../domain/ops-error.ts";
import { redact } from "../../domain/redact.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Notice, Noticeboard } from "../../pipeline/ports/noticeboard.ts";
import type { Postings } from "../../pipeline/ports/storage.ts";
import { askSlack, postMessage } from "./ask-slack.ts";
import { joinLines, section } from "./blocks.ts";
import { code, mrkdwn } from "./escape-text.ts";
import type { Pacer } from "./pacer.ts";
import { isChannelTrouble } from "./slack-failure.ts";
import { WirePosted } from "./wire.ts";
import { countWords, when } from "./words.ts";

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
          const renderedHash = createHash("sha256").update(JSON.stringify(message)).digest("hex");
          return await postings.record({ subject, part, channel, ts, renderedHash });
        } catch (error) {
          if (!isChannelTrouble(error) || index === channels.length - 1) throw error;
          log.warn({ subject, channel: each }, `${String(error)} Trying the next channel.`);
        }
      }
      throw new OpsError("misconfigured", "No Slack channel is configured to post notices to.");
    },
  };
}

function noticeLines(notice: Notice): string[] {
  switch (notice.kind) {
    case "mute": {
      const { service, event } = notice;
      const who = mrkdwn(event.name, 80);
      const why = event.reason === "" ? "." : `: ${mrkdwn(redact(event.reason), 500)}`;
      if (event.type === "service_unmuted") return [`${who} ended the mute of ${code(service)}${why}`];
      return [
        `${who} muted ${code(service)} until ${when(event.until)}${why}`,
        "New incidents of it are recorded, and shown and investigated after that. `/ops unmute` ends it before.",
      ];
    }
    case "quarantine": {
      const { sourceId, count, newest } = notice;
      return [
        `${countWords(count, "delivery", "deliveries")} of the source ${code(sourceId)} could not be understood, or not wholly, and ${count === 1 ? "is" : "are"} in quarantine: no incident came of what could not be read.`,
        `Newest, ${when(newest.receivedAt)}: ${mrkdwn(redact(newest.reason), 500)}`,
        "`/ops quarantine` lists them; `signalman quarantine show` and `requeue` look at one and take it in anew.",
      ];
    }
  }
}
