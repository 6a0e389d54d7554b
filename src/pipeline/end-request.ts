import { type ChangeState, isOpen } from "../domain/change/change.ts";
import type { Instant } from "../domain/ids.ts";
import { decideIncident } from "../domain/incident/decide-incident.ts";
import type { Store, StreamWrite } from "./ports/storage.ts";
import { incidentWrite } from "./stream-writes.ts";

/**
 * No alert ever resolves what a person asked for: its incident ends with its last change, to be committed with it. One
 * whose change was superseded stays, because a person may have it drafted anew.
 */
export async function endRequest(
  change: ChangeState,
  how: string,
  store: Pick<Store, "ledger">,
  now: Instant,
): Promise<StreamWrite[]> {
  const incident = await store.ledger.incident(change.incidentId);
  if (incident === null || incident.state.kind !== "request" || incident.state.alerts.length > 0) return [];
  const all = await store.ledger.changesOfIncident(change.incidentId);
  const left = all.some(
    ({ state: { id, status } }) => id !== change.id && (isOpen(status) || status === "applied"),
  );
  if (left) return [];
  const reason = `${change.id} ${how}.`;
  const answer = decideIncident({ command: "close", userId: "", name: "", reason }, incident.state, now);
  if (answer.kind === "refused" || answer.events.length === 0) return [];
  return [incidentWrite(change.incidentId, incident.version, answer.events)];
}
