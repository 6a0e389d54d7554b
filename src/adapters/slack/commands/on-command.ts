import type { RespondFn } from "@slack/bolt";
import type { Button, KnownBlock } from "@slack/types";
import { failureLines } from "../answer-person.ts";
import { button, joinLines, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import type { Front } from "../front.ts";
import { inPersonSpan } from "../in-person-span.ts";
import { within } from "../within.ts";

/** A private answer to a command. */
export interface Page {
  text: string;
  blocks: KnownBlock[];
}

/** A command as it was typed. */
export interface Typed {
  text: string;
  userId: string;
  channel: string;
  triggerId: string;
}

/** Registers a slash command: acknowledges first, reads, and answers only whoever typed it. */
export function onCommand(front: Front, name: string, read: (asked: Typed) => Promise<Page | null>): void {
  front.app.command(name, async ({ ack, command, respond }) => {
    await ack();
    if (command.team_id !== front.teamId) {
      front.log.warn({ intent: name }, "A command of another workspace was ignored.");
      return;
    }
    await inPersonSpan(front, { kind: "command", name }, () =>
      answer(front, name, respond, () =>
        read({
          text: command.text.trim(),
          userId: command.user_id,
          channel: command.channel_id,
          triggerId: command.trigger_id,
        }),
      ),
    );
  });
}

/** What is read only by members of our own workspace: guests get the reason instead. */
export async function forMembers(
  { actions }: Front,
  userId: string,
  read: () => Promise<Page | null>,
): Promise<Page | null> {
  const barred = await actions.barred(userId);
  return barred === null ? read() : pageOf([`Nothing is shown to you here: ${mrkdwn(barred, 300)}.`]);
}

/** Answers through the response URL, which works where the app is not a member of the channel, too. */
export async function answer(
  front: Front,
  doing: string,
  respond: RespondFn,
  read: () => Promise<Page | null>,
  replace = false,
): Promise<void> {
  const page = await within(front.limits.answerWithinMs, "Reading it", read()).catch((error: unknown) =>
    pageOf(failureLines(front, error, doing)),
  );
  if (page === null) return;
  try {
    await respond({ response_type: "ephemeral", replace_original: replace, ...page });
  } catch (error) {
    front.log.warn(
      { intent: doing, errorClass: "rejected" },
      `The answer could not be delivered: ${String(error)}`,
    );
  }
}

/** A page of escaped lines. */
export function pageOf(lines: string[]): Page {
  return { text: joinLines(lines, 2900), blocks: [section(lines, 2900)] };
}

/** Lines over as many sections as they need, at most `max` characters in all. */
export function sections(lines: readonly string[], max = 10_000): KnownBlock[] {
  const blocks: KnownBlock[] = [];
  let part: string[] = [];
  let length = 0;
  let total = 0;
  for (const [index, line] of lines.entries()) {
    if (total + line.length + 1 > max) {
      part.push(`… and ${lines.length - index} more.`);
      break;
    }
    if (length + line.length + 1 > 2700) {
      blocks.push(section(part, 2900));
      part = [];
      length = 0;
    }
    part.push(line);
    length += line.length + 1;
    total += line.length + 1;
  }
  if (part.length > 0) blocks.push(section(part, 2900));
  return blocks;
}

export function linkButton(name: string, words: string, url: string): Button {
  return button(`open_link:${name}`, words, name, { url });
}
