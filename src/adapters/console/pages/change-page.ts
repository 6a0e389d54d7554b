import type { ChangeState } from "../../../domain/change/change.ts";
import type { IncidentState } from "../../../domain/incident/incident.ts";
import { streamOf } from "../../../domain/ledger/stream.ts";
import { requesterText } from "../../../domain/people.ts";
import type { ChangeRecord } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html } from "../html.ts";
import { decided } from "../parts/decision.ts";
import { frame } from "../parts/frame.ts";
import { changeLink, incidentLink, proofLink } from "../parts/links.ts";
import { aftermath, verified } from "../parts/outcome.ts";
import { picture } from "../parts/picture.ts";
import { exposure, plan } from "../parts/plan.ts";
import { changeBadge } from "../parts/status.ts";
import { story } from "../parts/story.ts";
import { votes } from "../parts/votes.ts";
import { code, empty, type Fact, facts, moment, section } from "../parts/words.ts";

const lineages = {
  reverses: "Takes back",
  expands: "Widens",
  restores_overwritten: "Restores what was overwritten by",
};

export function changePage({
  change,
  incident,
  plot,
  evidenceRemovedAt,
  story: events,
  storyIsCut,
}: ChangeRecord): Html {
  const { proposal, decision, verification } = change;
  return frame({
    title: `${change.id} ${cut(proposal.summary, 80)}`,
    section: "Changes",
    body: html`<p class="kicker">Change <span class="id">${change.id}</span></p>
      <h1>${cut(proposal.summary, 300)}</h1>
      <p class="badges">${changeBadge(change)}</p>
      <div class="split">
        <div>
          ${section("plan", "What changes", plan(proposal.plan))}
          ${section("exposure", "Who is affected", exposure(proposal.plan.exposure))}
          ${section("decision", "What policy says", decision === null ? empty("Policy has not been asked yet.") : decided(decision))}
          ${section("votes", "Votes", votes(change))}
          ${section("outcome", "What became of it", aftermath(change))}
          ${verification !== null && section("verification", "Did it help", verified(verification))}
          ${section("metric", "The metric", picture(plot, evidenceRemovedAt, change.incidentId))}
          ${section("story", "Timeline", story(events, storyIsCut, change.id))}
        </div>
        <aside aria-label="Facts">
          ${facts(factsOf(change, incident))}
          <details>
            <summary>For the record</summary>
            ${facts(recordOf(change))}
          </details>
          <p>${proofLink(streamOf("change", change.id))}</p>
        </aside>
      </div>`,
  });
}

function factsOf(change: ChangeState, incident: IncidentState | null): (Fact | false | null)[] {
  const { proposal } = change;
  const { action, lineage, plan: planned } = proposal;
  return [
    {
      name: "Incident",
      value: html`${incidentLink(change.incidentId)}${incident !== null && html`<br />${cut(incident.title, 120)}`}`,
    },
    { name: "Flag", value: code(planned.ref.key) },
    { name: "In", value: `${cut(planned.ref.project, 80)} / ${cut(planned.ref.environment, 80)}` },
    { name: "Tool", value: code(action.tool) },
    { name: "Risk", value: action.riskClass.replaceAll("_", " ") },
    { name: "Drafted", value: moment(change.proposedAt) },
    { name: "By", value: cut(`${action.actor.agent}, for ${requesterText(action.actor.requester)}`, 200) },
    change.expiresAt !== null && { name: "Good until", value: moment(change.expiresAt) },
    lineage !== null && { name: lineages[lineage.kind], value: changeLink(lineage.changeId) },
    { name: "Version", value: change.version },
  ];
}

/** What an approval covers, and where else this change is named. */
function recordOf({ proposal, correlationId }: ChangeState): Fact[] {
  return [
    { name: "Digest", value: code(proposal.digest) },
    { name: "Contract", value: code(proposal.contractHash) },
    { name: "Roles", value: code(proposal.rolesHash) },
    { name: "Correlation", value: code(correlationId) },
  ];
}
