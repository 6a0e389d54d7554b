import type { ChangeState } from "../../../domain/change/change.ts";
import { actions, button, section } from "../blocks.ts";
import { changeValue } from "../button-value.ts";
import { placeOf } from "../card/proposed-change.ts";
import { mrkdwn } from "../escape-text.ts";
import { when, sentence } from "../words.ts";
import { linkButton, pageOf } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const most = 10;

export const opsCleanup: OpsWord = {
  word: "cleanup",
  summary: "applied changes that nobody has closed, and those past their review date",
  async read({ desk, cardUrl }) {
    const left = await desk.cleanup();
    if (left.length === 0) return pageOf(["Nothing is left to clean up."]);
    const shown = left.slice(0, most);
    const urls = await Promise.all(shown.map(({ incidentId }) => cardUrl(incidentId).catch(() => null)));
    const blocks = shown.flatMap((change, index) => {
      const url = urls[index] ?? null;
      const value = changeValue(change);
      return [
        section([lineOf(change)], 900),
        actions([
          button("keep", "Keep", value),
          button("clean_up", "Clean up", value),
          ...(url === null ? [] : [linkButton(change.id, "Open the card", url)]),
        ]),
      ];
    });
    const more = left.length - shown.length;
    return {
      text: `${left.length} changes to clean up`,
      blocks: [...blocks, ...(more > 0 ? [section([`… and ${more} more.`])] : [])],
    };
  },
};

function lineOf(change: ChangeState): string {
  const { closure, applied } = change;
  const why =
    closure?.reviewAt == null
      ? applied === null
        ? "not closed"
        : `applied ${when(applied.at)}, not closed`
      : `review was due ${when(closure.reviewAt)}, owner ${mrkdwn(closure.owner, 80)}`;
  return `*${change.id}*, ${why}: ${sentence(mrkdwn(change.proposal.summary))} This is ${placeOf(change)}.`;
}
