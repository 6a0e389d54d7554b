import { IncidentId, later } from "../domain/ids.ts";
import { decideIncident } from "../domain/incident/decide-incident.ts";
import { countFiring } from "../domain/incident/incident.ts";
import type { Store, WorkItem } from "./ports/storage.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";
import { incidentWrite } from "./stream-writes.ts";

export interface SettleDeps {
  store: Store;
  /** How long an incident that goes to and fro must be quiet before it ends. */
  quietMs: number;
}

/** Resolves an incident that was held open as flapping, once none of its alerts has been heard of for a while. */
export async function settle(item: WorkItem, { store, quietMs }: SettleDeps): Promise<StageOutcome> {
  const loaded = await store.ledger.incident(IncidentId.parse(item.subject));
  if (loaded === null) return { kind: "nothing_to_do" };
  const { state, version } = loaded;
  const now = await store.now();
  // What fires again is looked at when it ends.
  if (state.flappingSince === null || countFiring(state) > 0) return { kind: "nothing_to_do" };
  const answer = decideIncident({ command: "settle", quietMs }, state, now);
  if (answer.kind === "refused") return { kind: "nothing_to_do" };
  const { events } = answer;
  if (events.length === 0) {
    const quietAt = later(state.lastHeardAt ?? now, quietMs);
    const inMs = Math.max(1000, Date.parse(quietAt) - Date.parse(now));
    return { kind: "again", inMs, because: "It has not been quiet for long enough." };
  }
  const { id, correlationId } = state;
  const result = await store.ledger.commit({
    writes: [incidentWrite(id, version, events)],
    followUps: [{ stage: "notify", subject: id, correlationId }],
    finish: item,
  });
  return outcomeOf(result);
}
