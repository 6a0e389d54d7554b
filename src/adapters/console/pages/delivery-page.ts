import type { ShownDelivery } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html } from "../html.ts";
import { frame } from "../parts/frame.ts";
import { badge, code, countWords, facts, lines, moment, section } from "../parts/words.ts";

/** One delivery as it came, without its credentials. */
export function deliveryPage(shown: ShownDelivery): Html {
  const { id, sourceId, correlationId, receivedAt, attempts, outcome, reason, requeues, headers, body } =
    shown;
  return frame({
    title: `Delivery ${id}`,
    section: "Quarantine",
    body: html`<p class="kicker">Delivery</p>
      <h1 class="id">${id}</h1>
      <p class="badges">${badge(outcome, outcome === "quarantined" ? "warn" : "calm")}</p>
      ${reason !== "" && html`<p>${reason}</p>`}
      ${facts([
        { name: "Source", value: cut(sourceId, 64) },
        { name: "Came in", value: moment(receivedAt) },
        { name: "Tries", value: attempts },
        { name: "Correlation", value: code(correlationId) },
        ...Object.entries(headers).map(([name, value]) => ({ name: cut(name, 60), value: code(value, 500) })),
      ])}
      ${
        requeues.length > 0 &&
        section(
          "requeues",
          "Taken in anew before",
          lines(requeues.map(({ at, by, reason: was }) => `${at} by ${by}; it was in quarantine: ${was}`)),
        )
      }
      ${section(
        "body",
        "Body",
        html`<p class="faint">
            ${countWords(shown.size, "byte")}${shown.isCut && ", the beginning"}. Credentials are taken out.
          </p>
          <pre tabindex="0" aria-label="Body of the delivery">${body}</pre>`,
      )}`,
  });
}
