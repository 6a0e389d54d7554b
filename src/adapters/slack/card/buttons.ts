import type { ActionsBlockElement, KnownBlock } from "@slack/types";
import type { ChangeState, ChangeStatus } from "../../../domain/change/change.ts";
import { emergencyRoles, unstated } from "../../../domain/change/deciding-roles.ts";
import { hasFindingsWithoutChange } from "../../../domain/incident/feedback.ts";
import { isInvestigated } from "../../../domain/incident/incident.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { actions, button, plainObject } from "../blocks.ts";
import { stoppedBy } from "./approval.ts";
import { changeValue, incidentValue } from "../button-value.ts";

/** What is on offer for an applied change. */
export interface Offered {
  /** Whether it could be widened. */
  expandable: boolean;
  /** Whether its like may be allowed ahead. */
  standable: boolean;
}

/** Only buttons that lead somewhere for the state the card shows. */
export function buttons(view: IncidentView, change: ChangeState | null, facts: Offered): KnownBlock[] {
  const { incident } = view;
  const elements: ActionsBlockElement[] = change === null ? feedback(view) : ofChange(view, change, facts);
  if (incident.acknowledgedBy === null && incident.status === "open") {
    elements.push(button("acknowledge", "I'm on it", incidentValue(incident.id)));
  }
  if (incident.scope !== null && incident.status === "open") {
    elements.push(button("mute_service", "Mute service", incidentValue(incident.id)));
  }
  if (incident.status === "open" && change !== null && isUnderWay.has(change.status)) {
    elements.push(button("pause_signalman", "Pause Signalman", incidentValue(incident.id)));
  }
  if (incident.status !== "closed" && !view.changes.some(({ status }) => isUnderWay.has(status))) {
    elements.push(button("close_incident", "Close incident", incidentValue(incident.id)));
  }
  // The last of all, far from where a hand goes to approve.
  const isStopped = change !== null && stoppedBy(change, view.lowered) !== null;
  if (change !== null && !isStopped && emergencyRoles(change).length > 0) {
    elements.push(button("break_glass", "Emergency …", changeValue(change)));
  }
  return elements.length === 0 ? [] : [actions(elements)];
}

/** While one of these is on the card the incident cannot be closed, and there is something to be stopped. */
const isUnderWay: ReadonlySet<ChangeStatus> = new Set(["awaiting_approval", "approved", "executing"]);

function ofChange(view: IncidentView, change: ChangeState, facts: Offered): ActionsBlockElement[] {
  const value = changeValue(change);
  const details = button("details", "Details", value);
  switch (change.status) {
    case "awaiting_approval":
      return [
        ...(stoppedBy(change, view.lowered) === null
          ? [button("approve", "Approve", value, { style: "primary" })]
          : []),
        button("reject", "Reject", value, { style: "danger" }),
        ...(unstated(change) === null ? [] : [button("attest", "State it", value)]),
        ...edit(change, value),
        details,
      ];
    case "applied":
    case "needs_human":
      return [...followUps(change, value, facts), ...restore(view, change, value), details];
    case "closed":
      return change.reviewDue ? [...followUps(change, value, facts), details] : [details];
    case "superseded":
      return [...redraft(view, change, value), details];
    case "shown":
      return [...edit(change, value), details];
    case "denied":
    case "approved":
    case "executing":
    case "rejected":
    case "expired":
    case "failed":
      return [details];
  }
}

/** What undoes or restores is exact, so there is nothing to choose. */
function edit({ proposal: { lineage } }: ChangeState, value: string): ActionsBlockElement[] {
  return lineage === null || lineage.kind === "expands" ? [button("edit", "Edit", value)] : [];
}

function followUps(
  change: ChangeState,
  value: string,
  { expandable, standable }: Offered,
): ActionsBlockElement[] {
  return [
    button("keep", "Keep", value),
    ...(expandable ? [button("expand", "Expand", value)] : []),
    button(
      "roll_back",
      "Roll back",
      value,
      change.verification?.verdict === "worse" ? { style: "primary" } : {},
    ),
    button("clean_up", "Clean up", value),
    ...(standable && isOfAlert(change) ? [button("allow_again", "Allow again …", value)] : []),
  ];
}

/** Only what an alert led to can be covered by a standing approval. */
function isOfAlert({ status, proposal: { lineage, action } }: ChangeState): boolean {
  return status === "applied" && lineage === null && action.actor.requester.kind === "source";
}

/** Asked of findings that led to no change: whether a look of the model or the rules was worth reading. */
function feedback({ incident }: IncidentView): ActionsBlockElement[] {
  if (!hasFindingsWithoutChange(incident) || incident.status === "closed") return [];
  const value = incidentValue(incident.id);
  return [button("useful", "Useful", value), button("not_useful", "Not useful", value)];
}

/** While nobody looks again already. What follows on an applied change is begun on that one's card section. */
function redraft({ incident }: IncidentView, change: ChangeState, value: string): ActionsBlockElement[] {
  const possible = incident.status === "open" && isInvestigated(incident) && change.proposal.lineage === null;
  return possible ? [button("redraft", "Redraft", value, { style: "primary" })] : [];
}

/** Once: the change that restores is on the card afterwards. */
function restore(view: IncidentView, change: ChangeState, value: string): ActionsBlockElement[] {
  const chain = change.applied?.chain;
  if (chain?.kind !== "broken" || chain.restore === null) return [];
  const begun = view.changes.some(({ proposal: { lineage } }) => {
    return lineage?.kind === "restores_overwritten" && lineage.changeId === change.id;
  });
  if (begun) return [];
  const confirm = {
    title: plainObject("Draft the restoring change?", 100),
    text: plainObject(
      `It brings back what ${chain.by} changed. Nothing is written before it is approved.`,
      300,
    ),
    confirm: plainObject("Draft it", 30),
    deny: plainObject("Not now", 30),
  };
  return [button("restore", "Restore", value, { style: "danger", confirm })];
}
