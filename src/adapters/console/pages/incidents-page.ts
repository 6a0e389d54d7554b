import type { IncidentState } from "../../../domain/incident/incident.ts";
import { cut, html, type Html } from "../html.ts";
import { frame } from "../parts/frame.ts";
import { changeLink } from "../parts/links.ts";
import { incidentBadge, severityBadge } from "../parts/status.ts";
import { table } from "../parts/table.ts";
import { empty, moment } from "../parts/words.ts";
import { incidentsPlace, placeOf } from "../places.ts";

export interface IncidentsShown {
  incidents: readonly IncidentState[];
  services: readonly string[];
  /** Null: of all. */
  service: string | null;
  openOnly: boolean;
  limit: number;
}

export function incidentsPage(shown: IncidentsShown): Html {
  const { incidents, openOnly, limit } = shown;
  return frame({
    title: "Incidents",
    section: "Incidents",
    body: html`<div class="page-head">
        <h1>Incidents</h1>
        ${filter(shown)}
      </div>
      ${
        incidents.length === 0
          ? empty(openOnly ? "No such incident is open." : "There is no such incident yet.")
          : list(incidents)
      }
      ${incidents.length === limit && html`<p class="note">The newest ${limit}.</p>`}`,
  });
}

function filter({ services, service, openOnly }: IncidentsShown): Html {
  return html`<form class="filter" action="${incidentsPlace}" method="get">
    <label for="state">Show</label>
    <select id="state" name="state">
      <option value="all">all</option>
      <option value="open" ${openOnly && html`selected`}>open</option>
    </select>
    <label for="service">of</label>
    <select id="service" name="service">
      <option value="">every service</option>
      ${services.map((name) => html`<option value="${name}" ${name === service && html`selected`}>${name}</option>`)}
    </select>
    <button type="submit">Show</button>
  </form>`;
}

function list(incidents: readonly IncidentState[]): Html {
  return table(
    "Incidents, newest first",
    [
      { name: "Opened", form: "tight", cell: ({ openedAt }: IncidentState) => moment(openedAt) },
      {
        name: "Incident",
        form: "wide",
        cell: ({ id, title }) =>
          html`<a class="lead" href="${placeOf(id)}">${cut(title, 140)}</a>
            <span class="faint id">${id}</span>`,
      },
      { name: "Status", form: "tight", cell: (incident) => incidentBadge(incident) },
      { name: "Severity", form: "tight", cell: ({ severity }) => severityBadge(severity) },
      {
        name: "Where",
        cell: ({ scope }) => (scope === null ? "not known" : `${scope.service}, ${scope.environmentName}`),
      },
      { name: "Alerts", form: "number", cell: ({ alertCount }) => alertCount },
      { name: "Found", cell: foundWords },
    ],
    incidents,
  );
}

function foundWords({ assessment, noChange, withheld, linkedChangeId }: IncidentState) {
  if (linkedChangeId !== null) return html`part of ${changeLink(linkedChangeId)}`;
  if (assessment === null) return withheld === null ? "being looked at" : "not drafted";
  const cause = `cause: ${assessment.cause}, ${assessment.confidence} confidence`;
  return noChange === null ? cause : `${cause}; no flag change recommended`;
}
