import type { RespondFn } from "@slack/bolt";
import type { Button, KnownBlock } from "@slack/types";
import { failureLines } from "../answer-person.ts";
import { button, joinLines, section } from "../blocks.ts";
import type { Front } from "../front.ts";
import { within } from "../within.ts";

/** A private answer to a command. */
export interface Page {
  text: string;
  blocks: KnownBlock[];
}

/** Registers a slash command: acknowledges first, reads, and answers only whoever typed it. */
export function onCommand(
  front: Front,
  name: string,
  read: (text: string, userId: string) => Promise<Page>,
): void {
  front.app.command(name, async ({ ack, command, respond }) => {
    await ack();
    if (command.team_id !== front.teamId) {
      front.log.warn({ intent: name }, "A command of another workspace was ignored.");
      return;
    }
    await answer(front, name, respond, () => read(command.text.trim(), command.user_id));
  });
}

/** Answers through the response URL, which works where the app is not a member of the channel, too. */
export async function answer(
  front: Front,
  doing: string,
  respond: RespondFn,
  read: () => Promise<Page>,
  replace = false,
): Promise<void> {
  const page = await within(front.limits.answerWithinMs, "Reading it", read()).catch((error: unknown) =>
    pageOf(failureLines(front, error, doing)),
  );
  try {
    await respond({ response_type: "ephemeral", replace_original: replace, ...page });
  } catch (error) {
    front.log.warn({ intent: doing }, `The answer could not be delivered: ${String(error)}`);
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
