import { requesterText } from "../../../domain/people.ts";
import { streamOf } from "../../../domain/ledger/stream.ts";
import { countFiring, type IncidentState } from "../../../domain/incident/incident.ts";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import type { IncidentRecord } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html, type Part } from "../html.ts";
import { alerts } from "../parts/alerts.ts";
import { assessment } from "../parts/assessment.ts";
import { evidence } from "../parts/evidence.ts";
import { frame } from "../parts/frame.ts";
import { changeLink, proofLink } from "../parts/links.ts";
import { picture } from "../parts/picture.ts";
import { changeBadge, incidentBadge, severityBadge } from "../parts/status.ts";
import { story } from "../parts/story.ts";
import { table } from "../parts/table.ts";
import { type Fact, facts, moment, momentAgo, section } from "../parts/words.ts";

export function incidentPage({ view, story: events, storyIsCut }: IncidentRecord): Html {
  const { incident } = view;
  return frame({
    title: `${incident.id} ${cut(incident.title, 80)}`,
    section: "Incidents",
    body: html`<p class="kicker">Incident <span class="id">${incident.id}</span></p>
      <h1>${cut(incident.title, 300)}</h1>
      <p class="badges">${incidentBadge(incident)} ${severityBadge(incident.severity)}</p>
      <div class="split">
        <div>
          ${section("assessment", "What is behind it", assessment(incident))}
          ${view.changes.length > 0 && section("changes", "Changes", changes(view.changes))}
          ${section("metric", "The metric", picture(view.plot, view.evidenceRemovedAt, incident.id))}
          ${section("evidence", "Evidence", evidence(view))} ${section("alerts", "Alerts", alerts(incident))}
          ${section("story", "Timeline", story(events, storyIsCut, incident.id))}
        </div>
        <aside aria-label="Facts">
          ${facts(factsOf(view))}
          <p>${proofLink(streamOf("incident", incident.id))}</p>
        </aside>
      </div>`,
  });
}

function factsOf({ incident, service, now }: IncidentView): (Fact | false | null)[] {
  const { scope, acknowledgedBy, linkedChangeId } = incident;
  return [
    { name: "Where", value: where(incident) },
    scope !== null && { name: "Flags of", value: `${scope.project} / ${scope.environment}` },
    service !== null && { name: "Owner", value: cut(service.owner, 120) },
    { name: "Opened", value: momentAgo(incident.openedAt, now) },
    incident.episodeStartedAt !== incident.openedAt && {
      name: "Came back",
      value: momentAgo(incident.episodeStartedAt, now),
    },
    incident.resolvedAt !== null && { name: "Resolved", value: momentAgo(incident.resolvedAt, now) },
    { name: "Alerts", value: `${incident.alertCount} heard, ${countFiring(incident)} firing` },
    { name: "Asked by", value: cut(requesterText(incident.requester), 120) },
    acknowledgedBy !== null && {
      name: "On it",
      value: html`${cut(acknowledgedBy.name, 80)}, since ${moment(acknowledgedBy.at)}`,
    },
    incident.flappingSince !== null && { name: "Flapping since", value: moment(incident.flappingSince) },
    incident.mutedUntil !== null && { name: "Muted until", value: moment(incident.mutedUntil) },
    linkedChangeId !== null && { name: "Part of", value: changeLink(linkedChangeId) },
    { name: "Correlation", value: html`<code>${incident.correlationId}</code>` },
  ];
}

function where({ scope, noScopeBecause }: IncidentState): Part {
  if (scope === null) return cut(noScopeBecause ?? "no service of the catalogue", 300);
  return html`<strong>${cut(scope.service, 80)}</strong>, ${cut(scope.environmentName, 80)}`;
}

function changes(list: readonly ChangeState[]): Html {
  return table(
    "Changes of this incident, oldest first",
    [
      { name: "Change", form: "tight", cell: ({ id }: ChangeState) => changeLink(id) },
      { name: "What", form: "wide", cell: ({ proposal }) => cut(proposal.summary, 240) },
      { name: "Status", form: "tight", cell: (change) => changeBadge(change) },
      { name: "Drafted", form: "tight", cell: ({ proposedAt }) => moment(proposedAt) },
    ],
    list,
  );
}
