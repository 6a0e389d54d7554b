import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { actions, section } from "../blocks.ts";
import { statusWords } from "../card/outcome.ts";
import { placeOf } from "../card/proposed-change.ts";
import { code, mrkdwn } from "../escape-text.ts";
import type { Front } from "../front.ts";
import { sentence, when } from "../words.ts";
import { changeLines } from "./flag.ts";
import { linkButton, pageOf, type Page, sections } from "./on-command.ts";
import { auditButton } from "./ops-audit.ts";

const mostOwn = 8;

/** `/flags <key> changes`: who changed what in the last 30 days, everywhere, and what Signalman had to do with it. */
export async function flagChangesPage({ desk, cardUrl }: Front, key: string): Promise<Page> {
  const { places, own } = await desk.flagChanges(key);
  if (places.length === 0 && own.length === 0) {
    return pageOf([`No catalogued environment has a flag ${code(key)}. \`/flags\` lists what there is.`]);
  }
  const history = places.flatMap(({ snapshot, history: entries }) => [
    `*${code(key)} in ${mrkdwn(snapshot.ref.environment, 60)}* (${code(snapshot.ref.project)}), the last 30 days`,
    ...(entries.length === 0
      ? ["No change."]
      : entries.flatMap((entry) => changeLines(entry, snapshot.segments))),
  ]);
  const shown = own.slice(0, mostOwn);
  const urls = await Promise.all(shown.map(({ incidentId }) => cardUrl(incidentId).catch(() => null)));
  return {
    text: `Changes of ${mrkdwn(key, 100)}`,
    blocks: [
      ...sections(history, 6000),
      ...(shown.length === 0 ? [] : [section(["*Through Signalman*"])]),
      ...shown.flatMap((change, index) => ownBlocks(change, urls[index] ?? null)),
      ...(own.length > shown.length ? [section([`… and ${own.length - shown.length} more.`])] : []),
    ],
  };
}

function ownBlocks(change: ChangeState, url: string | null): KnownBlock[] {
  const { summary } = change.proposal;
  return [
    section(
      [
        `*${change.id}* ${mrkdwn(statusWords(change), 80)}, ${when(change.proposedAt)}: ${sentence(mrkdwn(summary, 240))} This is ${placeOf(change)}.`,
      ],
      900,
    ),
    actions([auditButton(change.id), ...(url === null ? [] : [linkButton(change.id, "Open the card", url)])]),
  ];
}
