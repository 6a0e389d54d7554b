import type { IncidentId } from "../../domain/ids.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import { actOnIncident, type IncidentActionDeps } from "./act-on-incident.ts";

interface CloseIncidentInput {
  incidentId: IncidentId;
  userId: string;
}

/**
 * Ends an incident by hand, with the reason. Its changes stay as they are, so it waits for one that is yet to be
 * decided or carried out. An alert of it that fires from then on opens a new incident.
 */
export function closeIncident(
  input: CloseIncidentInput & { reason: string },
  deps: IncidentActionDeps,
): Promise<ActionAnswer> {
  const reason = input.reason.trim();
  return actOnIncident(
    input,
    {
      action: "close",
      risk: "reversible_write",
      command: async ({ userId, name }, incident) => {
        if (reason === "") return "Say why the incident is closed: it is kept in the ledger.";
        return (await hindranceOf(incident, deps)) ?? { command: "close", userId, name, reason };
      },
      done: `${input.incidentId} is closed. An alert of it that fires again opens a new incident.`,
    },
    deps,
  );
}

/** Before a form is opened: may this person close this incident, and can it be closed now? Records a refusal. */
export function checkCloseIncident(
  input: CloseIncidentInput,
  deps: IncidentActionDeps,
): Promise<ActionAnswer> {
  return actOnIncident(
    input,
    {
      action: "close",
      risk: "reversible_write",
      command: async (_, incident) => hindranceOf(incident, deps),
      done: "Yes.",
    },
    deps,
  );
}

/** What is to happen first, in words; null where nothing is. */
async function hindranceOf(
  { id, status }: IncidentState,
  { store }: IncidentActionDeps,
): Promise<string | null> {
  if (status === "closed") return `${id} is closed already.`;
  for (const { state } of await store.ledger.changesOfIncident(id)) {
    switch (state.status) {
      case "awaiting_approval":
        return `${state.id} awaits approval: approve or reject it first.`;
      case "approved":
      case "executing":
        return `${state.id} is being carried out: wait for its end.`;
      case "denied":
      case "shown":
      case "applied":
      case "rejected":
      case "expired":
      case "superseded":
      case "failed":
      case "needs_human":
      case "closed":
    }
  }
  return null;
}
