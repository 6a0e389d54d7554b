import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { when } from "../words.ts";
import { resolutionWords } from "./outcome.ts";

/** How the change was brought to its end, and whether its review is due. */
export function closure(change: ChangeState): KnownBlock[] {
  const closed = change.closure;
  if (closed === null) {
    if (change.status !== "applied") return [];
    const lasting = change.proposal.temporary
      ? " It is meant to be temporary, so keeping it needs a review date."
      : "";
    return [section([`*How shall it end?* Somebody decides once it is clear.${lasting}`], 400)];
  }
  const lines = [
    `*Closed: ${resolutionWords[closed.resolution]}*, by ${mrkdwn(closed.by, 80)} ${when(closed.at)}. Owner: ${mrkdwn(closed.owner, 80)}.`,
  ];
  if (closed.linkedChangeId !== null) lines.push(`It ended with ${closed.linkedChangeId}.`);
  if (closed.note !== "") lines.push(`Note: ${mrkdwn(closed.note, 300)}`);
  if (closed.reviewAt !== null && !change.reviewDue) lines.push(`Review ${when(closed.reviewAt)}.`);
  if (change.reviewDue) {
    const date = closed.reviewAt === null ? "" : ` (${when(closed.reviewAt)})`;
    lines.push(
      `*Review is due:* the date has passed${date}. Keep it with a new date, roll it back or clean it up.`,
    );
  }
  return [section(lines, 1000)];
}
