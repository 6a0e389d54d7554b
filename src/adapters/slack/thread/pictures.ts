import { setTimeout as wait } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { Plot } from "../../../domain/evidence/plot.ts";
import { OpsError } from "../../../domain/ops-error.ts";
import type { Log } from "../../../pipeline/ports/log.ts";
import { askSlack } from "../ask-slack.ts";
import { plainObject } from "../blocks.ts";
import type { RenderedMessage } from "../card/render-card.ts";
import { mrkdwn, plain } from "../escape-text.ts";
import { slackCode } from "../slack-failure.ts";
import { WireUploaded } from "../wire.ts";
import { within } from "../within.ts";

export interface PicturesOptions {
  client: WebClient;
  /** A plot as PNG. */
  draw: (plot: Plot) => Promise<Uint8Array>;
  log: Log;
  /** Before a picture is tried again; 1 s by default. */
  againMs?: number | undefined;
}

export interface Pictures {
  /** The message that shows a plot, uploaded once however often it is asked for under this name. */
  messageOf(name: string, plot: Plot): Promise<RenderedMessage>;
  /** After a failure to draw, upload or post it: waits a little for another try, or gives up for good and logs that. */
  missed(name: string, error: unknown): Promise<"again" | "given_up">;
  hasGivenUp(name: string): boolean;
}

const mostTries = 8;
const uploadWithinMs = 15_000;
const remembered = 500;

/**
 * Pictures for threads. A file is uploaded without a channel and then stands in an image block of a message of ours:
 * only that has an alt text, a timestamp at once and no share that fails silently (contract §1). Slack works on a
 * file for a moment after its upload and refuses the block until then, so the first tries may fail.
 */
export function createPictures({ client, draw, log, againMs = 1000 }: PicturesOptions): Pictures {
  const files = new Map<string, string>();
  const tries = new Map<string, number>();

  const upload = async (plot: Plot): Promise<string> => {
    const file = Buffer.from(await draw(plot));
    const title = plain(plot.title, 100) || "Plot";
    const sending = askSlack("files.uploadV2", WireUploaded, () =>
      client.files.uploadV2({ file, filename: "plot.png", title }),
    );
    return (await within(uploadWithinMs, "Uploading a plot", sending)).files[0].files[0].id;
  };

  return {
    async messageOf(name, plot) {
      const known = files.get(name) ?? (await upload(plot));
      keep(files, name, known);
      const altText = plain(plot.altText, 1900) || "Line plot.";
      return {
        text: mrkdwn(altText, 1000) || "Line plot.",
        blocks: [
          {
            type: "image",
            slack_file: { id: known },
            alt_text: altText,
            title: plainObject(plot.title, 150),
          },
        ],
      };
    },
    async missed(name, error) {
      const count = (tries.get(name) ?? 0) + 1;
      keep(tries, name, mayPass(error) ? count : mostTries);
      if (mayPass(error) && count < mostTries) {
        await wait(againMs);
        return "again";
      }
      log.warn(
        { intent: "show a plot", errorClass: error instanceof OpsError ? error.code : "bug", err: error },
        `A plot is not shown; the evidence has its figures in words. ${String(error)}`,
      );
      return "given_up";
    },
    hasGivenUp: (name) => (tries.get(name) ?? 0) >= mostTries,
  };
}

/** What can end by itself: Slack out of reach, or a file that it has not finished with (`invalid_blocks`). */
function mayPass(error: unknown): boolean {
  if (!(error instanceof OpsError)) return false;
  return error.retryable || slackCode(error.cause) === "invalid_blocks";
}

function keep<Value>(map: Map<string, Value>, name: string, value: Value): void {
  if (!map.has(name) && map.size >= remembered) {
    const oldest = map.keys().next();
    if (oldest.done !== true) map.delete(oldest.value);
  }
  map.set(name, value);
}
