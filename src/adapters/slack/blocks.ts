import type {
  ActionsBlock,
  ActionsBlockElement,
  Button,
  ContextBlock,
  HeaderBlock,
  PlainTextElement,
  SectionBlock,
} from "@slack/types";
import { plain } from "./escape-text.ts";

/** The blocks this adapter uses. Line texts must be escaped already; plain texts are escaped here. */

export function header(text: string): HeaderBlock {
  return { type: "header", text: plainObject(text, 150) };
}

/** Lines as one section, cut at a whole line when `limit` would be passed, saying how many are missing. */
export function section(lines: readonly string[], limit = 2000): SectionBlock {
  return { type: "section", text: { type: "mrkdwn", text: joinLines(lines, limit), verbatim: true } };
}

export function context(lines: readonly string[], limit = 900): ContextBlock {
  return {
    type: "context",
    elements: [{ type: "mrkdwn", text: joinLines(lines, limit), verbatim: true }],
  };
}

export function actions(elements: ActionsBlockElement[]): ActionsBlock {
  return { type: "actions", elements };
}

export function button(
  actionId: string,
  words: string,
  value: string,
  more: Partial<Pick<Button, "style" | "url" | "confirm" | "accessibility_label">> = {},
): Button {
  return { type: "button", action_id: actionId, text: plainObject(words, 75), value, ...more };
}

export function plainObject(text: string, limit = 75): PlainTextElement {
  return { type: "plain_text", text: plain(text, limit) || "–", emoji: false };
}

export function bullets(lines: readonly string[], max = 12): string[] {
  const shown = lines.slice(0, max).map((line) => `• ${line}`);
  return lines.length > max ? [...shown, `… and ${lines.length - max} more.`] : shown;
}

export function joinLines(lines: readonly string[], limit: number): string {
  const kept: string[] = [];
  // Room for the line that says what is missing.
  let left = limit - 24;
  for (const line of lines) {
    if (line.length + 1 > left) {
      kept.push(`… ${lines.length - kept.length} more lines.`);
      break;
    }
    kept.push(line);
    left -= line.length + 1;
  }
  return kept.join("\n") || "–";
}
