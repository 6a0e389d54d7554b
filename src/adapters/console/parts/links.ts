import { ChangeId, IncidentId } from "../../../domain/ids.ts";
import { splitStream, type StreamName } from "../../../domain/ledger/stream.ts";
import { cut, html, type Html } from "../html.ts";
import { placeOf, proofPlace } from "../places.ts";

export function incidentLink(id: IncidentId): Html {
  return html`<a class="id" href="${placeOf(id)}">${id}</a>`;
}

export function changeLink(id: ChangeId): Html {
  return html`<a class="id" href="${placeOf(id)}">${id}</a>`;
}

export function proofLink(stream: StreamName): Html {
  return html`<a href="${proofPlace(stream)}">Ledger proof of ${splitStream(stream).id}</a>`;
}

/** What a row of work is about: linked where it is an incident or a change. */
export function subjectLink(subject: string): Html {
  const incident = IncidentId.safeParse(subject);
  if (incident.success) return incidentLink(incident.data);
  const change = ChangeId.safeParse(subject);
  return change.success ? changeLink(change.data) : html`<span class="id">${cut(subject, 120)}</span>`;
}

/** Two or more ways to look at the same list, the present one marked. */
export function choice(
  label: string,
  options: readonly { name: string; place: string; chosen: boolean }[],
): Html {
  return html`<nav class="choice" aria-label="${label}">
    <ul>
      ${options.map(
        ({ name, place, chosen }) =>
          html`<li><a href="${place}" ${chosen && html`aria-current="true"`}>${name}</a></li>`,
      )}
    </ul>
  </nav>`;
}
