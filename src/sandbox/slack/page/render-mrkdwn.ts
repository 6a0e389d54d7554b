import { emojiFor } from "./emoji.ts";
import { html, joined, type Html } from "./html.ts";
import type { Names } from "./names.ts";
import { formatDate } from "./render-date.ts";

const inline =
  /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]*?\S)_(?!\w)|(?<![\w~])~(?=\S)([^~\n]*?\S)~(?![\w~])|:([a-z0-9_+-]+):/g;

/** Slack's mrkdwn as markup: what it does not mark up is shown as the characters that were sent. */
export function renderMrkdwn(text: string, names: Names): Html {
  const parts = text.split(/```\n?([\s\S]*?)\n?```/);
  return joined(
    parts.map((part, at) =>
      at % 2 === 1 ? html`<pre><code>${plain(part)}</code></pre>` : renderLines(part, names),
    ),
  );
}

/** Only entities and short names are read: the words of a `plain_text` object. */
export function renderPlain(text: string): Html {
  return html`${text.replace(/:([a-z0-9_+-]+):/g, (_, name: string) => emojiFor(name))}`;
}

function renderLines(text: string, names: Names): Html {
  const out: Html[] = [];
  const lines = text.replace(/^\n|\n$/g, "").split("\n");
  for (let at = 0; at < lines.length;) {
    const kind = kindOf(lines[at] ?? "");
    let end = at + 1;
    while (end < lines.length && kindOf(lines[end] ?? "") === kind) end++;
    out.push(renderGroup(kind, lines.slice(at, end), names));
    at = end;
  }
  return joined(out);
}

type LineKind = "text" | "quote" | "bullet" | "numbered";

function kindOf(line: string): LineKind {
  if (/^(&gt;|>)/.test(line)) return "quote";
  if (/^\s*[•◦-] /.test(line)) return "bullet";
  return /^\s*\d+\. /.test(line) ? "numbered" : "text";
}

function renderGroup(kind: LineKind, lines: readonly string[], names: Names): Html {
  const items = (strip: RegExp) =>
    lines.map((line) => html`<li>${renderInline(line.replace(strip, ""), names)}</li>`);
  const broken = (strip: RegExp) =>
    joined(
      lines.map((line) => renderInline(line.replace(strip, ""), names)),
      "<br>",
    );
  switch (kind) {
    case "quote":
      return html`<blockquote>${broken(/^(&gt;|>) ?/)}</blockquote>`;
    case "bullet":
      return html`<ul>
        ${items(/^\s*[•◦-] /)}
      </ul>`;
    case "numbered":
      return html`<ol start="${Number.parseInt(lines[0] ?? "1", 10)}">
        ${items(/^\s*\d+\. /)}
      </ol>`;
    case "text":
      return html`<p>${broken(/^$/)}</p>`;
  }
}

function renderInline(text: string, names: Names): Html {
  const out: Html[] = [];
  let from = 0;
  for (const match of text.matchAll(inline)) {
    out.push(html`${plain(text.slice(from, match.index))}`);
    out.push(renderMatch(match, names));
    from = match.index + match[0].length;
  }
  out.push(html`${plain(text.slice(from))}`);
  return joined(out);
}

function renderMatch(match: RegExpMatchArray, names: Names): Html {
  const [whole, code, token, bold, italic, strike, emoji] = match;
  if (code !== undefined) return html`<code>${plain(code)}</code>`;
  if (token !== undefined) return renderToken(token, names);
  if (bold !== undefined) return html`<strong>${renderInline(bold, names)}</strong>`;
  if (italic !== undefined) return html`<em>${renderInline(italic, names)}</em>`;
  if (strike !== undefined) return html`<s>${renderInline(strike, names)}</s>`;
  return html`${emoji === undefined ? whole : emojiFor(emoji)}`;
}

/** What stands between angle brackets: a mention, a date or a link. */
function renderToken(token: string, names: Names): Html {
  const [target = "", label] = token.split("|", 2);
  const shown = label === undefined ? undefined : plain(label);
  if (/^@[UW]/.test(target)) return mention(`@${names.user(target.slice(1))}`);
  if (target.startsWith("#C")) return mention(`#${names.channel(target.slice(1))}`);
  if (target.startsWith("!subteam^")) return mention(`@${names.group(target.slice("!subteam^".length))}`);
  if (target.startsWith("!date^")) {
    const [, seconds = "", format = ""] = target.split("^");
    const at = Number(seconds);
    if (!Number.isFinite(at)) return html`${shown ?? ""}`;
    return html`<time datetime="${new Date(at * 1000).toISOString()}">${formatDate(at, format)}</time>`;
  }
  if (/^!(here|channel|everyone)$/.test(target)) return mention(`@${target.slice(1)}`);
  return renderLink(plain(target), shown ?? plain(target));
}

/** A link that can only lead to the web; anything else stays text. */
export function renderLink(url: string, label: string): Html {
  if (!/^(https?|mailto):/i.test(url)) return html`${label}`;
  return html`<a href="${url}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;
}

export function mention(label: string): Html {
  return html`<span class="mention">${label}</span>`;
}

/** Undoes the three entities that Slack's text carries; `html` escapes anew. */
function plain(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
