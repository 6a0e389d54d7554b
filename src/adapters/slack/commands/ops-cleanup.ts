import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { actions, button, section } from "../blocks.ts";
import { changeValue } from "../button-value.ts";
import { placeOf } from "../card/proposed-change.ts";
import type { StaleFlag } from "../../../pipeline/ports/person-actions.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { flagPlaceValue } from "../flag-place.ts";
import { when, sentence } from "../words.ts";
import { linkButton, pageOf } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const most = 10;

export const opsCleanup: OpsWord = {
  word: "cleanup",
  summary:
    "applied changes that nobody has closed, those past their review date, and flags that decide nothing any more",
  shows: true,
  async read({ desk, cardUrl }) {
    const [left, stale] = await Promise.all([desk.cleanup(), desk.staleFlags()]);
    if (left.length === 0 && stale.length === 0) return pageOf(["Nothing is left to clean up."]);
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
      text: `${left.length} changes and ${stale.length} flags to clean up`,
      blocks: [...blocks, ...(more > 0 ? [section([`… and ${more} more.`])] : []), ...staleBlocks(stale)],
    };
  },
};

/** Signalman removes nothing by itself: a person proposes what is to become of a flag. */
function staleBlocks(stale: readonly StaleFlag[]): KnownBlock[] {
  if (stale.length === 0) return [];
  const shown = stale.slice(0, most);
  const more = stale.length - shown.length;
  return [
    section(["*Flags that may be ready to go*"]),
    ...shown.flatMap(({ ref, owner, because, webUrl }, index) => [
      section(
        [
          `${code(ref.key, 80)} in *${mrkdwn(ref.environment, 60)}* (${code(ref.project)}): ${mrkdwn(because, 200)}. Owner: ${mrkdwn(owner, 80)}.`,
        ],
        900,
      ),
      actions([
        button(
          "propose_change",
          "Propose a change",
          flagPlaceValue({ project: ref.project, environment: ref.environment, flagKey: ref.key }),
        ),
        ...(webUrl === null ? [] : [linkButton(`stale.${index}`, "Open in FeatBit", webUrl)]),
      ]),
    ]),
    ...(more > 0 ? [section([`… and ${more} more flags.`])] : []),
  ];
}

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
