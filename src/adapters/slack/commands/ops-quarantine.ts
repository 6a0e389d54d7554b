import { redact } from "../../../domain/redact.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { when } from "../words.ts";
import { pageOf, sections } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const most = 20;

export const opsQuarantine: OpsWord = {
  word: "quarantine",
  summary: "deliveries that could not be understood, newest first; with a source: only its",
  shows: true,
  async read({ desk }, { args }) {
    const [sourceId = ""] = args.split(/\s+/);
    const found = await desk.quarantined(most + 1, sourceId === "" ? undefined : sourceId);
    const of = sourceId === "" ? "" : ` of ${code(sourceId, 70)}`;
    if (found.length === 0) return pageOf([`Nothing${of} is in quarantine.`]);
    const lines = found
      .slice(0, most)
      .map(
        (each) =>
          `• ${when(each.receivedAt)} from ${code(each.sourceId, 70)}: ${mrkdwn(redact(each.reason), 300)} (${code(each.id, 40)})`,
      );
    return {
      text: `In quarantine${sourceId === "" ? "" : ` of ${mrkdwn(sourceId, 70)}`}`,
      blocks: sections([
        `*In quarantine${of}, newest first*`,
        ...lines,
        ...(found.length > most ? ["… and more."] : []),
        "`signalman quarantine show &lt;id&gt;` shows one, `signalman quarantine requeue &lt;id&gt;` takes it in anew.",
      ]),
    };
  },
};
