import type { Quarantined } from "../../../pipeline/ports/storage.ts";
import { cut, html, type Html } from "../html.ts";
import { frame } from "../parts/frame.ts";
import { table } from "../parts/table.ts";
import { empty, moment } from "../parts/words.ts";
import { deliveryPlace, quarantinePlace } from "../places.ts";

/** `source` "" for all. Reasons are redacted already. */
export function quarantinePage(shown: {
  found: readonly Quarantined[];
  source: string;
  limit: number;
}): Html {
  const { found, source, limit } = shown;
  return frame({
    title: "Quarantine",
    section: "Quarantine",
    body: html`<h1>Quarantine</h1>
      <p>
        Deliveries that could not be understood. <code>signalman quarantine requeue</code> has one taken in
        anew.
        ${source !== "" && html`Of the source <strong>${source}</strong> only; <a href="${quarantinePlace}">all of them</a>.`}
      </p>
      ${found.length === 0 ? empty("Nothing is in quarantine.") : list(found)}
      ${found.length === limit && html`<p class="note">The newest ${limit}.</p>`}`,
  });
}

function list(found: readonly Quarantined[]): Html {
  return table(
    "Deliveries in quarantine, newest first",
    [
      { name: "Came in", form: "tight", cell: ({ receivedAt }: Quarantined) => moment(receivedAt) },
      { name: "Source", cell: ({ sourceId }) => cut(sourceId, 64) },
      { name: "Why", form: "wide", cell: ({ reason }) => cut(reason, 500) },
      { name: "Delivery", cell: ({ id }) => html`<a class="id" href="${deliveryPlace(id)}">${id}</a>` },
    ],
    found,
  );
}
