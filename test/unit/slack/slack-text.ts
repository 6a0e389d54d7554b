import { asObject, isObject, type Json } from "../../../src/sandbox/slack/json.ts";
import {
  maxTotalText,
  totalText,
  validateBlocks,
} from "../../../src/sandbox/slack/blocks/validate-blocks.ts";
import { validateView } from "../../../src/sandbox/slack/blocks/validate-view.ts";
import { typed } from "../../support/typed.ts";

/** Everything Slack would refuse about a message, the sum of its words included. */
export function complaintsAbout(message: { text: string; blocks: unknown }): string[] {
  const blocks = typed<Json>(structuredClone(message.blocks));
  const issues = validateBlocks(blocks, "message").map((issue) => JSON.stringify(issue));
  if (totalText(blocks) > maxTotalText) issues.push(`${totalText(blocks)} characters in all`);
  if (message.text.trim() === "" || message.text.length > 4000)
    issues.push("the fallback text is empty or too long");
  return issues;
}

export function complaintsAboutView(view: unknown): string[] {
  return validateView(typed<Json>(structuredClone(view)), "modal").map((issue) => JSON.stringify(issue));
}

/** All texts that Slack parses as mrkdwn, and all that it shows as they are. */
export function textsOf(value: unknown): { mrkdwn: string[]; plain: string[] } {
  const found = { mrkdwn: [] as string[], plain: [] as string[] };
  const walk = (part: unknown): void => {
    if (Array.isArray(part)) for (const each of part) walk(each);
    if (!isObject(part)) return;
    const { type, text, verbatim } = asObject(part);
    if (typeof text === "string" && type === "mrkdwn") {
      found.mrkdwn.push(text);
      if (verbatim !== true) throw new Error(`Slack would look for links and names in: ${text}`);
    }
    if (typeof text === "string" && type === "plain_text") found.plain.push(text);
    for (const each of Object.values(part)) walk(each);
  };
  walk(value);
  return found;
}

const ourDate = /^!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC$/;

/** What of a text Slack would turn into a mention, a broadcast, a link or nothing visible; dates of ours aside. */
export function dangersIn(mrkdwn: string, allowed: readonly string[] = []): string[] {
  const tokens = [...mrkdwn.matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? "");
  const dangers = tokens.filter((token) => !ourDate.test(token) && !allowed.includes(token));
  const rest = mrkdwn.replaceAll(/<[^>]*>/g, "");
  if (/[<>]/.test(rest)) dangers.push("an unpaired bracket");
  if (/@(here|channel|everyone)/i.test(rest)) dangers.push("a broadcast by name");
  if (/:\/\//.test(rest)) dangers.push("an address");
  return [...dangers, ...invisibleIn(mrkdwn)];
}

export function invisibleIn(text: string): string[] {
  return /[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u.test(text) ? ["an invisible or control character"] : [];
}
