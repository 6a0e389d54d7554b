import { setTimeout as wait } from "node:timers/promises";
import type { IncidentId } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ActionAnswer, OpenChange, WhoMay } from "../../pipeline/ports/person-actions.ts";
import { postMessage } from "./ask-slack.ts";
import { joinLines, section } from "./blocks.ts";
import { link, mrkdwn } from "./escape-text.ts";
import type { Front } from "./front.ts";
import { slackCode } from "./slack-failure.ts";
import { soon } from "./within.ts";

export interface Where {
  channel: string;
  userId: string;
}

/** Says something to one person and nobody else: in the channel, or where that is not possible directly. */
export async function tell(front: Front, { channel, userId }: Where, lines: string[]): Promise<void> {
  const { client, log } = front;
  const message = { text: joinLines(lines, 2900), blocks: [section(lines, 2900)] };
  // A person's own id stands for no channel: what was done on the home tab is answered directly.
  if (channel !== userId) {
    try {
      await client.chat.postEphemeral({ channel, user: userId, ...message });
      return;
    } catch (error) {
      log.debug(
        { intent: "answer privately", channel, reason: slackCode(error) },
        "no private answer in the channel; sending a direct message",
      );
    }
  }
  await postMessage(client, { channel: userId, ...message }).catch((failure: unknown) => {
    log.warn(
      { intent: "answer privately", errorClass: "rejected", user: userId },
      `A private answer could not be delivered: ${String(failure)}`,
    );
  });
}

/** The sentences of an answer, escaped, mention-free. */
export async function answerLines(front: Front, answer: ActionAnswer): Promise<string[]> {
  switch (answer.kind) {
    case "done":
      return [
        mrkdwn(answer.text, 1500),
        ...(answer.incidentId === undefined ? [] : await cardOf(front, answer.incidentId)),
      ];
    case "refused":
      return [
        `Not done: ${mrkdwn(answer.reason, 1500)}`,
        ...(answer.openChange === undefined
          ? await whomToAsk(front, answer.whoMay)
          : [await whereToDecide(front, answer.openChange)]),
      ];
    case "unavailable":
      return [
        `This cannot be done right now: ${mrkdwn(answer.reason, 1500)}`,
        "Please try again in a moment.",
      ];
  }
}

/** What a person is told about a failure; what an operator needs is logged. */
export function failureLines(front: Front, error: unknown, doing: string): string[] {
  if (error instanceof OpsError) {
    front.log.warn({ intent: doing, errorClass: error.code }, error.message);
    return [`This cannot be done right now: ${mrkdwn(error.message, 600)}`, "Please try again in a moment."];
  }
  front.log.error({ intent: doing, errorClass: "bug", err: error }, `${doing} failed: ${String(error)}`);
  return [
    "Something went wrong inside Signalman, and the log says what. Look at the card before you try again.",
  ];
}

/** Its card, which may be about to be posted. */
async function cardOf({ cardUrl, limits }: Front, incidentId: IncidentId): Promise<string[]> {
  const deadline = performance.now() + limits.newCardWithinMs;
  for (;;) {
    const url = (await soon(1500, cardUrl(incidentId)).catch(() => null))?.value ?? null;
    if (url !== null) return [`It is on ${link(url, `the card of ${incidentId}`)}.`];
    if (performance.now() >= deadline) return [];
    await wait(200);
  }
}

async function whereToDecide({ cardUrl }: Front, { changeId, incidentId }: OpenChange): Promise<string> {
  const url = (await soon(1500, cardUrl(incidentId)).catch(() => null))?.value ?? null;
  return `${changeId} is on ${url === null ? `the card of ${incidentId}` : link(url, `the card of ${incidentId}`)}.`;
}

async function whomToAsk({ identity }: Front, { groups, users }: WhoMay): Promise<string[]> {
  const names = Promise.all([
    ...groups.slice(0, 5).map(async (id) => `${await identity.groupName(id)} (user group)`),
    ...users.slice(0, 5).map((id) => identity.personName(id)),
  ]);
  const known = (await soon(1500, names))?.value ?? [...groups, ...users].slice(0, 10);
  return known.length === 0 ? [] : [`Ask instead: ${known.map((name) => mrkdwn(name, 80)).join(", ")}.`];
}
