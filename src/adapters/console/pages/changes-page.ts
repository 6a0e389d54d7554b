import type { ChangeState } from "../../../domain/change/change.ts";
import { cut, html, type Html } from "../html.ts";
import { frame } from "../parts/frame.ts";
import { choice, incidentLink } from "../parts/links.ts";
import { changeBadge, verdictBadge } from "../parts/status.ts";
import { table } from "../parts/table.ts";
import { empty, moment } from "../parts/words.ts";
import { changesPlace, placeOf } from "../places.ts";

export function changesPage(shown: {
  changes: readonly ChangeState[];
  openOnly: boolean;
  limit: number;
}): Html {
  const { changes, openOnly, limit } = shown;
  return frame({
    title: "Changes",
    section: "Changes",
    body: html`<div class="page-head">
        <h1>Changes</h1>
        ${choice("Which changes", [
          { name: "All", place: changesPlace, chosen: !openOnly },
          { name: "Open", place: `${changesPlace}?state=open`, chosen: openOnly },
        ])}
      </div>
      ${changes.length === 0 ? empty(openOnly ? "No change is open." : "No change was drafted yet.") : list(changes)}
      ${changes.length === limit && html`<p class="note">The newest ${limit}.</p>`}`,
  });
}

function list(changes: readonly ChangeState[]): Html {
  return table(
    "Changes, newest first",
    [
      { name: "Drafted", form: "tight", cell: ({ proposedAt }: ChangeState) => moment(proposedAt) },
      {
        name: "Change",
        form: "wide",
        cell: ({ id, proposal }) =>
          html`<a class="lead" href="${placeOf(id)}">${cut(proposal.summary, 200)}</a>
            <span class="faint id">${id}</span>`,
      },
      { name: "Status", form: "tight", cell: (change) => changeBadge(change) },
      {
        name: "Where",
        cell: ({ proposal: { plan } }) => `${cut(plan.ref.project, 60)} / ${cut(plan.ref.environment, 60)}`,
      },
      {
        name: "Effect",
        form: "tight",
        cell: ({ verification }) => (verification === null ? "–" : verdictBadge(verification.verdict)),
      },
      { name: "Incident", form: "tight", cell: ({ incidentId }) => incidentLink(incidentId) },
    ],
    changes,
  );
}
