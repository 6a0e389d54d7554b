import type { Alert } from "../../domain/alert.ts";
import type { CorrelationId, IncidentId, Instant } from "../../domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../domain/incident/decide-incident.ts";
import type { IncidentEvent } from "../../domain/incident/events.ts";
import { alertKey } from "../../domain/incident/heard-alerts.ts";
import { evolveIncident, type IncidentState, isFiring } from "../../domain/incident/incident.ts";
import type { Loaded, Store, StreamWrite } from "../ports/storage.ts";
import type { FiredBefore } from "./fired-before.ts";
import { incidentWrite } from "../stream-writes.ts";

/** An incident as a batch of deliveries changes it, before any of it is committed. */
export interface Held {
  readonly id: IncidentId;
  /** As it was loaded; null for one that this batch opens. */
  readonly loaded: Loaded<IncidentState> | null;
  state: IncidentState;
  events: IncidentEvent[];
  /** Of the delivery that changed it first. */
  correlationId: CorrelationId;
}

export type IncidentBoard = ReturnType<typeof createIncidentBoard>;

/** Of all that is looked through when an alert's incident cannot be told by its group. */
const mostOpen = 1000;

/**
 * The incidents that one batch is about, each loaded once and folded in memory: however many alerts join it, an
 * incident is one write. Lives as long as one try of one commit.
 */
export function createIncidentBoard(
  ledger: Store["ledger"],
  now: Instant,
  granted: Set<string>,
  before?: FiredBefore,
) {
  const byId = new Map<IncidentId, Held>();
  /** Null: there is none. Closed ones are no longer their group's. */
  const byGroup = new Map<string, Held | null>();
  const openCounts = new Map<string, number>();
  let holdsAllOpen = false;

  function hold({ state, version }: Loaded<IncidentState>): Held {
    const known = byId.get(state.id);
    if (known !== undefined) return known;
    const { id, correlationId } = state;
    const held: Held = { id, loaded: { state, version }, state, events: [], correlationId };
    byId.set(id, held);
    return held;
  }

  function run(held: Held, command: IncidentCommand): void {
    const answer = decideIncident(command, held.state, now);
    if (answer.kind === "refused") return;
    for (const event of answer.events) {
      held.state = evolveIncident(held.id, held.state, event);
      held.events.push(event);
    }
  }

  return {
    /** Groups whose opening was granted; a commit that is tried again does not ask for it again. */
    granted,

    async ofGroup(groupKey: string): Promise<Held | null> {
      const known = byGroup.get(groupKey);
      if (known !== undefined) return known;
      const loaded = await ledger.openIncidentByGroup(groupKey);
      const held = loaded === null ? null : hold(loaded);
      byGroup.set(groupKey, held);
      return held;
    },

    /** The incident where an alert has fired since before this process began, if it still does. */
    async firedBefore(alert: Alert): Promise<Held | null> {
      const id = (await before?.incidentOf(alert)) ?? null;
      if (id === null) return null;
      const loaded = byId.has(id) ? null : await ledger.incident(id);
      const held = byId.get(id) ?? (loaded === null ? null : hold(loaded));
      if (held === null || held.state.status !== "open") return null;
      return isFiring(held.state, alertKey(held.state, alert)) ? held : null;
    },

    /** The newest open incidents, those of this batch included. */
    async open(): Promise<Held[]> {
      if (!holdsAllOpen) for (const one of await ledger.incidents({ open: true, limit: mostOpen })) hold(one);
      holdsAllOpen = true;
      return [...byId.values()].filter(({ state }) => state.status === "open");
    },

    /** How many incidents are open whose group key begins with `prefix`, as this batch leaves them. */
    async countOpen(prefix: string): Promise<number> {
      let count = openCounts.get(prefix);
      if (count === undefined) {
        count = await ledger.openIncidentCount(prefix);
        openCounts.set(prefix, count);
      }
      for (const { loaded, state } of byId.values()) {
        if (!state.groupKey.startsWith(prefix)) continue;
        count += Number(state.status === "open") - Number(loaded?.state.status === "open");
      }
      return count;
    },

    /** Opens an incident; what its group had before is closed. */
    start(id: IncidentId, command: Extract<IncidentCommand, { command: "open" }>): Held {
      const before = byGroup.get(command.groupKey);
      if (before) run(before, { command: "close", userId: "", name: "", reason: `${id} took its place` });
      const answer = decideIncident(command, null, now);
      const [event] = answer.kind === "refused" ? [] : answer.events;
      if (event === undefined) throw new Error(`incident/${id}: it could not be opened`);
      const { correlationId } = command;
      const held: Held = {
        id,
        loaded: null,
        state: evolveIncident(id, null, event),
        events: [event],
        correlationId,
      };
      byId.set(id, held);
      byGroup.set(command.groupKey, held);
      return held;
    },

    /** A command that is refused changes nothing. */
    apply(held: Held, command: IncidentCommand, correlationId: CorrelationId): void {
      if (held.events.length === 0) held.correlationId = correlationId;
      run(held, command);
    },

    changed: (): Held[] => [...byId.values()].filter(({ events }) => events.length > 0),
  };
}

export function writeOf({ id, loaded, events }: Held): StreamWrite {
  return incidentWrite(id, loaded?.version ?? 0, events);
}
