import { actions } from "../blocks.ts";
import { statusWords } from "../card/outcome.ts";
import { placeOf } from "../card/proposed-change.ts";
import { mrkdwn } from "../escape-text.ts";
import { when, sentence } from "../words.ts";
import { section } from "../blocks.ts";
import { linkButton, pageOf } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const most = 10;

export const opsPending: OpsWord = {
  word: "pending",
  summary: "changes that wait for approval, are being carried out or need a person",
  shows: true,
  async read({ desk, cardUrl }) {
    const pending = await desk.pending();
    if (pending.length === 0) return pageOf(["Nothing is pending."]);
    const shown = pending.slice(0, most);
    const urls = await Promise.all(shown.map(({ incidentId }) => cardUrl(incidentId).catch(() => null)));
    const blocks = shown.flatMap((change, index) => {
      const until = change.expiresAt === null ? "" : ` Expires ${when(change.expiresAt)}.`;
      const line = `*${change.id}* ${mrkdwn(statusWords(change), 80)}: ${sentence(mrkdwn(change.proposal.summary))} This is ${placeOf(change)}.${until}`;
      const url = urls[index] ?? null;
      const open = url === null ? [] : [actions([linkButton(change.id, "Open the card", url)])];
      return [section([line], 900), ...open];
    });
    const left = pending.length - shown.length;
    return {
      text: `${pending.length} changes are pending`,
      blocks: [...blocks, ...(left > 0 ? [section([`… and ${left} more.`])] : [])],
    };
  },
};
