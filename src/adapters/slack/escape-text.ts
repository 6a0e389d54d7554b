import { plainText } from "../../domain/flag/plain-text.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";

/**
 * The one place where text of others becomes Slack text. It can then ping nobody, link nowhere and format
 * nothing: credentials, control, bidirectional and invisible characters are gone, line breaks are spaces, the length is
 * capped.
 */

/** For `plain_text` objects, which Slack neither parses nor formats (send them with `emoji: false`). */
export function plain(text: string, limit = 200): string {
  return outsideText(text, limit).replaceAll(/@(?=here|channel|everyone)/gi, "＠");
}

/**
 * For `mrkdwn` objects and for the top-level `text`. Every look-alike is a visible character. At most twice
 * `limit` long: a text of nothing but `&` grows fivefold and is cut earlier.
 */
export function mrkdwn(text: string, limit = 200): string {
  const escaped = escape(plain(text, limit));
  return escaped.length <= 2 * limit ? escaped : escape(plain(text, Math.floor((2 * limit) / 5)));
}

function escape(line: string): string {
  return line
    .replaceAll("`", "'")
    .replaceAll("*", "∗")
    .replaceAll("~", "∼")
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "＿")
    .replaceAll("://", ":⁄⁄")
    .replaceAll(/:(?=[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:)/gi, "∶")
    .replaceAll(/^>+/g, (marks) => "›".repeat(marks.length))
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** A key or an id of others as code. */
export function code(text: string, limit = 100): string {
  const inside = plain(text, limit)
    .replaceAll("`", "'")
    .replaceAll("://", ":⁄⁄")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  return inside === "" ? "(empty)" : `\`${inside}\``;
}

/** Several lines of our own as they stand, to be copied: nothing is redacted. */
export function codeBlock(text: string): string {
  const inside = text
    .split("\n")
    .map((line) => plainText(line, 300).replaceAll("`", "'"))
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  return `\`\`\`\n${inside.trimEnd()}\n\`\`\``;
}

/** A link that code made: never from text of others. */
export function link(url: string, words: string): string {
  const target = new URL(url).href.replaceAll("|", "%7C").replaceAll(">", "%3E").replaceAll("<", "%3C");
  return `<${target}|${mrkdwn(words)}>`;
}
