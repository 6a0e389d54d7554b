import type { IncidentId } from "../../domain/ids.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import { actOnIncident, type IncidentActionDeps } from "./act-on-incident.ts";

/** Says for everybody to see who is on it. */
export function acknowledge(
  input: { incidentId: IncidentId; userId: string },
  deps: IncidentActionDeps,
): Promise<ActionAnswer> {
  return actOnIncident(
    input,
    {
      action: "acknowledge",
      risk: "search",
      command: async ({ userId, name }) => ({ command: "acknowledge", userId, name }),
      done: "You are on it. Everybody sees that now.",
    },
    deps,
  );
}
