import type { Plot } from "../../../domain/evidence/plot.ts";
import type { IncidentId, Instant } from "../../../domain/ids.ts";
import { html, type Html } from "../html.ts";
import { plotPlace } from "../places.ts";
import { empty, removed } from "./words.ts";

/** The metric over time. Its numbers in words are the text of the picture, and there for everybody. */
export function picture(plot: Plot | null, removedAt: Instant | null, id: IncidentId): Html {
  if (removedAt !== null) return removed("What it was drawn from was", removedAt);
  if (plot === null) return empty("No metric is drawn: none got worse, or none was gathered.");
  return html`<figure class="plot">
    <img src="${plotPlace(id)}" alt="${plot.altText}" width="960" height="420" />
    <figcaption>
      <details>
        <summary>The numbers in words</summary>
        <p>${plot.altText}</p>
      </details>
    </figcaption>
  </figure>`;
}
