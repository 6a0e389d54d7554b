import { visibleText } from "../../domain/flag/plain-text.ts";

/** Markup that is safe to put into a page as it is. Only `html` makes it. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

export type Part = Html | string | number | null | undefined | false | readonly Part[];

/** Longer than any text that a page shows on purpose: what has no limit of its own ends here. */
const mostText = 10_000;

/**
 * Builds markup. Every value is escaped unless it is markup already, loses what shows nothing and is cut: a text of
 * others cannot become anything but text. `null`, `undefined` and `false` leave nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const filled = strings.map((fixed, at) => fixed + (at < parts.length ? rendered(parts[at]) : ""));
  return new Html(filled.join(""));
}

/** At most `most` characters; "…" marks a cut. */
export function cut(text: string, most: number): string {
  const whole = text.toWellFormed();
  if (whole.length <= most) return whole;
  return `${whole.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`;
}

function rendered(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.markup;
  if (typeof part === "object") return part.map(rendered).join("");
  return escaped(String(part));
}

function escaped(text: string): string {
  return visibleText(cut(text, mostText))
    .replaceAll(/[^\P{Cc}\n\t]/gu, " ")
    .replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
