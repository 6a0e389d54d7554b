import { setTimeout as wait } from "node:timers/promises";
import { supersededWords } from "../../../domain/change/change-answer.ts";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { IncidentId } from "../../../domain/ids.ts";
import type { PersonAction } from "../../../domain/policy/roles.ts";
import { cardPart } from "../announcer.ts";
import { answerLines } from "../answer-person.ts";
import { section } from "../blocks.ts";
import { link } from "../escape-text.ts";
import type { Front } from "../front.ts";
import type { Click } from "./on-click.ts";

export type Verified<T> = { kind: "live"; subject: T } | { kind: "tell"; lines: string[] };

/**
 * The change a click is about, if the click was made on the recorded card of its incident and on the version
 * and digest that are live. Everything else decides nothing and says why.
 */
export async function verifyClick(
  front: Front,
  click: Click,
  from: { privateList: boolean } = { privateList: false },
): Promise<Verified<ChangeState>> {
  const { value } = click;
  if (value?.kind !== "change") return told(notOurs);
  const change = await front.desk.change(value.changeId);
  if (change === null) return told(`There is no change ${value.changeId}. Nothing was done.`);
  // A private list of ours is in no record; what its buttons open shows the live change before anything happens.
  const isListed = from.privateList && click.isEphemeral;
  const misplaced = isListed ? null : await misplacedLines(front, click, change.incidentId);
  if (misplaced !== null) return { kind: "tell", lines: misplaced };
  if (value.version !== change.version || value.digest !== change.proposal.digest) {
    return told(`${supersededWords(change, value.version)} Nothing was done.`);
  }
  return { kind: "live", subject: change };
}

/** The incident a click is about, under the same conditions. */
export async function verifyIncidentClick(front: Front, click: Click): Promise<Verified<IncidentId>> {
  const { value } = click;
  if (value?.kind !== "incident") return told(notOurs);
  const misplaced = await misplacedLines(front, click, value.incidentId);
  return misplaced === null
    ? { kind: "live", subject: value.incidentId }
    : { kind: "tell", lines: misplaced };
}

/** Null if the person may; else the lines to tell, with whom to ask. */
export async function refusalLines(
  front: Front,
  change: ChangeState,
  userId: string,
  action: PersonAction,
): Promise<string[] | null> {
  const answer = await front.actions.check(change.id, userId, action);
  return answer.kind === "done" ? null : answerLines(front, answer);
}

const notOurs = "This is not a button that Signalman knows. Nothing was done.";

function told(line: string): { kind: "tell"; lines: string[] } {
  return { kind: "tell", lines: [line] };
}

/** Null where the message is the recorded card of the incident. */
async function misplacedLines(front: Front, click: Click, incidentId: IncidentId): Promise<string[] | null> {
  const { postings, limits } = front;
  const deadline = performance.now() + limits.cardWithinMs;
  for (;;) {
    const posting = await postings.byMessage(click.channel, click.ts);
    if (posting !== null) {
      const isCard = posting.part === cardPart && posting.subject === incidentId;
      return isCard ? null : ["This button does not belong to this message. Nothing was done."];
    }
    const live = await postings.get(incidentId, cardPart);
    if (live !== null) {
      // It may have been recorded between the two looks.
      const isLive = live.channel === click.channel && live.ts === click.ts;
      return isLive ? null : strayLines(front, click, incidentId);
    }
    // The card may have reached Slack just before it reached the record.
    if (performance.now() >= deadline)
      return ["This card is not recorded yet. Nothing was done: try again in a moment."];
    await wait(100);
  }
}

/** A message that looks like a card and is not the recorded one: answers with the live one, and rewrites ours. */
async function strayLines(front: Front, click: Click, incidentId: IncidentId): Promise<string[]> {
  const url = await front.cardUrl(incidentId);
  const live = url === null ? `the card of ${incidentId}` : link(url, `the live card of ${incidentId}`);
  if (click.isOurs) {
    const line = `This message is superseded by ${live}.`;
    const { channel, ts } = click;
    await front.client.chat
      .update({ channel, ts, text: line, blocks: [section([line])], metadata: strayMetadata })
      .catch((error: unknown) => {
        front.log.warn(
          { intent: "rewrite a stray card", errorClass: "rejected", channel, incident: incidentId },
          `A stray card could not be rewritten: ${String(error)}`,
        );
      });
  }
  return [`This is not the live card, so nothing was done. Decide on ${live}.`];
}

const strayMetadata = { event_type: "signalman_stray", event_payload: {} };
