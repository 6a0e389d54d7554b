/** Markup that is safe to put into a page as it is. Everything else is escaped by `html`. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

type Part = Html | string | number | undefined | false | readonly Part[];

/** Builds markup; every value is escaped unless it is markup already. `undefined` and `false` leave nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const filled = strings.map((fixed, at) => fixed + (at < parts.length ? render(parts[at]) : ""));
  return new Html(filled.join(""));
}

export function joined(parts: readonly Html[], between = ""): Html {
  return new Html(parts.map((part) => part.markup).join(between));
}

export const nothing = new Html("");

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.markup;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
}
