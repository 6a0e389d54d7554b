import { spanWords } from "../../../domain/evidence/evidence-words.ts";
import { cut, html, type Html, type Part } from "../html.ts";

/** An instant, to the second. */
export function moment(at: string): Html {
  return html`<time datetime="${at}">${at.slice(0, 19).replace("T", " ")}</time>`;
}

/** The same with how long ago it was. */
export function momentAgo(at: string, now: string): Html {
  return html`${moment(at)} <span class="faint">(${ago(at, now)})</span>`;
}

export function ago(at: string, now: string): string {
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 0 ? `in ${spanWords(ms)}` : `${spanWords(ms)} ago`;
}

/** Said in the place of what retention has removed. */
export function removed(what: string, at: string): Html {
  return html`<p class="empty">${what} removed by retention on ${moment(at)}; the ledger keeps its hash.</p>`;
}

export type Tone = "good" | "bad" | "warn" | "calm" | "off";

/** A word with a colour. The word alone says everything. */
export function badge(word: string, tone: Tone): Html {
  return html`<span class="badge ${tone}">${cut(word, 80)}</span>`;
}

/** A fact with its name; nothing where there is none. */
export interface Fact {
  name: string;
  value: Part;
}

export function facts(list: readonly (Fact | false | null)[]): Html {
  const known = list.filter((fact) => fact !== false && fact !== null);
  return html`<dl class="facts">
    ${known.map(
      ({ name, value }) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A hash or an id: letter by letter, broken wherever there is no room. */
export function code(text: string, most = 200): Html {
  return html`<code>${cut(text, most)}</code>`;
}

export function lines(texts: readonly string[], most = 400): Html | null {
  if (texts.length === 0) return null;
  return html`<ul class="lines">
    ${texts.map((text) => html`<li>${cut(text, most)}</li>`)}
  </ul>`;
}

export function countWords(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A part of a page with its heading; `id` is its anchor. */
export function section(id: string, title: string, body: Part): Html {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${body}
  </section>`;
}

export function empty(words: string): Html {
  return html`<p class="empty">${words}</p>`;
}
