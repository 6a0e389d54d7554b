import type { EvidenceItem } from "../../../domain/evidence/evidence.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { cut, html, type Html, type Part } from "../html.ts";
import { badge, code, empty, lines, moment, removed } from "./words.ts";

const kinds: Record<EvidenceItem["kind"], string> = {
  flag_change: "flag change",
  flag_change_elsewhere: "flag change elsewhere",
  flag_state: "flag state",
  metric: "metric",
  deploy: "deploy",
  change: "other change",
  past_incident: "past incident",
  runbook: "runbook",
};

/** What was looked at, numbered, and first what could not be. */
export function evidence({ evidence: found, evidenceRemovedAt, incident }: IncidentView): Html {
  const { evidence: kept } = incident;
  if (kept === null && found === null) return empty("None was gathered yet.");
  const gaps = found?.gaps ?? kept?.gaps ?? [];
  return html`${gaps.length > 0 && html`<p class="note warn">Not everything could be looked at.</p>`}
  ${lines(gaps.map(({ source, reason }) => `Not known: ${source}: ${reason}`))}
  ${
    found === null
      ? evidenceRemovedAt === null
        ? empty("The evidence itself is no longer there; the ledger has its hash.")
        : removed("The evidence was", evidenceRemovedAt)
      : html`<p class="faint">From ${moment(found.from)} to ${moment(found.to)}.</p>
          <ol class="evidence">
            ${found.items.map(item)}
          </ol>`
  }
  ${kept !== null && html`<p class="faint">Hash ${code(kept.hash)}</p>`}`;
}

function item(one: EvidenceItem): Html {
  return html`<li id="evidence-${one.id}">
    <div class="evidence-head">
      <strong>${one.id}</strong> ${badge(kinds[one.kind], "calm")}
      <span>${cut(one.title, 240)}</span> ${mark(one)}
    </div>
    ${lines(one.text.slice(0, 40))}
    ${one.kind === "runbook" && lines(one.manualSteps.map((step) => `By hand: ${step}`))}
  </li>`;
}

function mark(one: EvidenceItem): Part {
  switch (one.kind) {
    case "metric":
      return badge(one.trend.replace("_", " "), one.trend === "degraded" ? "bad" : "off");
    case "flag_change":
      return one.inEffect ? null : badge("taken back since", "off");
    case "flag_change_elsewhere":
    case "flag_state":
    case "deploy":
    case "change":
    case "past_incident":
    case "runbook":
      return null;
  }
}
