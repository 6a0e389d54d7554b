import { splitStream } from "../../../domain/ledger/stream.ts";
import type { ToldEvent } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html } from "../html.ts";
import { countWords, empty, lines, moment } from "./words.ts";

/** What happened, event by event as the ledger has it. */
export function story(events: readonly ToldEvent[], isCut: boolean, own: string): Html {
  if (events.length === 0) return empty("Nothing is recorded yet.");
  return html`${isCut && html`<p class="note">The newest events; the ledger proof shows all of them.</p>`}
    <ol class="story">
      ${events.map(({ stream, at, what, who, lines: told }) => {
        const { id } = splitStream(stream);
        return html`<li>
          <div class="story-head">
            ${moment(at)}
            <strong>${cut(what, 80)}</strong> ${who !== "" && html`<span>${cut(who, 160)}</span>`}
            ${id !== own && html`<span class="faint">${id}</span>`}
          </div>
          ${detail(told)}
        </li>`;
      })}
    </ol>`;
}

const shownLines = 3;

/** Policy names every control each time it is asked: there for whoever wants it, and in nobody's way. */
function detail(told: readonly string[]): Html {
  const [first, rest] = [told.slice(0, shownLines), told.slice(shownLines)];
  return html`${lines(first)}
  ${
    rest.length > 0 &&
    html`<details>
      <summary>${countWords(rest.length, "more line")}</summary>
      ${lines(rest)}
    </details>`
  }`;
}
