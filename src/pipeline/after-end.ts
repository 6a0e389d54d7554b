import type { ChangeState } from "../domain/change/change.ts";
import type { ChangeEvent } from "../domain/change/events.ts";
import type { Instant } from "../domain/ids.ts";
import { decideIncident } from "../domain/incident/decide-incident.ts";
import type { IncidentState } from "../domain/incident/incident.ts";
import { endRequest } from "./end-request.ts";
import type { FollowUp, Loaded, Store, StreamWrite } from "./ports/storage.ts";
import { incidentWrite } from "./stream-writes.ts";

/** How a change ended without being applied, in words. */
const unapplied: Readonly<Record<string, string>> = {
  change_rejected: "was rejected",
  change_denied: "was denied",
  change_expired: "expired",
  change_superseded: "was superseded",
  execution_failed: "failed",
};
const mostIncidents = 1000;

/**
 * What the end of a change means for incidents beyond its own card, to be committed with it. Incidents that only
 * pointed at it are shown again, and looked at again where nothing was applied. The change's own incident is not: who
 * moved the flag may be at work on it, so its card offers to draft anew and a person decides.
 */
export async function afterEnd(
  change: ChangeState,
  events: readonly ChangeEvent[],
  store: Store,
  now: Instant,
): Promise<{ writes: StreamWrite[]; followUps: FollowUp[] }> {
  const types = new Set<string>(events.map((event) => event.type));
  const end = Object.keys(unapplied).find((type) => types.has(type));
  const endedUnapplied = end !== undefined;
  if (!endedUnapplied && !types.has("change_applied")) return { writes: [], followUps: [] };

  const open = await store.ledger.incidents({ open: true, limit: mostIncidents });
  const linked = open.filter(({ state }) => state.linkedChangeId === change.id);
  const renewed = endedUnapplied ? linked : [];
  return {
    writes: [
      ...renewed.flatMap((incident) => renewal(incident, change, now)),
      ...(endedUnapplied && end !== "change_superseded"
        ? await endRequest(change, unapplied[end] ?? end, store, now)
        : []),
    ],
    followUps: [...linked.map(show), ...renewed.map(lookAgain)],
  };
}

function renewal(
  { state, version }: Loaded<IncidentState>,
  change: ChangeState,
  now: Instant,
): StreamWrite[] {
  const reason = `${change.id} of flag ${change.proposal.plan.ref.key} ended without being applied.`;
  const answer = decideIncident({ command: "renew", reason }, state, now);
  if (answer.kind === "refused" || answer.events.length === 0) return [];
  return [incidentWrite(state.id, version, answer.events)];
}

function show({ state }: Loaded<IncidentState>): FollowUp {
  return { stage: "notify", subject: state.id, correlationId: state.correlationId };
}

function lookAgain({ state }: Loaded<IncidentState>): FollowUp {
  return { stage: "investigate", subject: state.id, correlationId: state.correlationId };
}
