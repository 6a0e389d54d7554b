import type { IncidentState } from "../../../domain/incident/incident.ts";
import { cut, html, type Html } from "../html.ts";
import { severityBadge } from "./status.ts";
import { table } from "./table.ts";
import { badge, empty, moment } from "./words.ts";

type Known = IncidentState["alerts"][number];

/** The alerts an incident keeps whole; of the others it knows only how many there were. */
export function alerts({ alerts: known, alertCount }: IncidentState): Html {
  if (known.length === 0) return empty("No alert is kept.");
  return html`${table(
    "Alerts",
    [
      {
        name: "Alert",
        form: "wide",
        cell: ({ alert }: Known) =>
          html`${cut(alert.title, 200)}${alert.summary !== "" && alert.summary !== alert.title && html`<div class="faint">${cut(alert.summary, 300)}</div>`}${labels(alert.labels)}`,
      },
      {
        name: "State",
        form: "tight",
        cell: ({ resolvedAt }) => (resolvedAt === null ? badge("firing", "warn") : badge("over", "good")),
      },
      { name: "Severity", form: "tight", cell: ({ alert }) => severityBadge(alert.severity) },
      { name: "Source", cell: ({ alert }) => cut(alert.sourceId, 64) },
      { name: "Began", form: "tight", cell: ({ alert }) => moment(alert.startedAt) },
      {
        name: "Over",
        form: "tight",
        cell: ({ resolvedAt }) => (resolvedAt === null ? "–" : moment(resolvedAt)),
      },
    ],
    known,
  )}
  ${alertCount > known.length && html`<p class="note">${alertCount} were heard in all; these are kept.</p>`}`;
}

const shownLabels = 12;

function labels(all: Readonly<Record<string, string>>): Html | false {
  const pairs = Object.entries(all);
  if (pairs.length === 0) return false;
  return html`<details>
    <summary>Labels</summary>
    <ul class="lines">
      ${pairs.slice(0, shownLabels).map(([name, value]) => html`<li><code>${cut(name, 60)}</code> ${cut(value, 200)}</li>`)}
    </ul>
  </details>`;
}
