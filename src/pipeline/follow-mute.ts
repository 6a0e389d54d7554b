import type { Instant } from "../domain/ids.ts";
import { decideIncident } from "../domain/incident/decide-incident.ts";
import type { IncidentState } from "../domain/incident/incident.ts";
import { mutedUntil } from "../domain/mute/mute.ts";
import { commitDecision } from "./commit-decision.ts";
import type { Commit, Store } from "./ports/storage.ts";
import { incidentWrite } from "./stream-writes.ts";

type Moves = Required<Pick<Commit, "writes" | "followUps" | "cancel">>;

const mostIncidents = 1000;

/**
 * Has what a mute of the service holds back wait for its end as it is now, or no longer where there is none. A mute
 * moves what it knows of in its own commit; an incident that begins at that very moment is found by whoever of the two
 * commits last, so both call this afterwards.
 */
export async function followMute(service: string, store: Pick<Store, "ledger" | "now">): Promise<void> {
  await commitDecision<void>(store, async () => {
    const now = await store.now();
    const mute = (await store.ledger.muteOf(service))?.state ?? null;
    const { userId = "", reason = "The mute was ended." } = mute?.muted ?? {};
    const end: MuteEnd = { until: mutedUntil(mute, now), userId, reason };
    const moves = await movesOf(service, end, store, now);
    if (moves.writes.length === 0) return { kind: "answer", answer: undefined };
    return { kind: "commit", commit: moves, after: () => undefined };
  });
}

/** `until` null: nothing is held back any more. */
export interface MuteEnd {
  until: Instant | null;
  userId: string;
  reason: string;
}

/** What is to be written where the incidents that a mute holds back are to wait for this end of it. */
export async function movesOf(
  service: string,
  { until, userId, reason }: MuteEnd,
  { ledger }: Pick<Store, "ledger">,
  now: Instant,
): Promise<Moves> {
  const moves: Moves = { writes: [], followUps: [], cancel: [] };
  for (const { state, version } of await ledger.incidents({ open: true, limit: mostIncidents })) {
    if (state.mutedService !== service || state.mutedUntil === null || state.mutedUntil <= now) continue;
    if (state.mutedUntil === until) continue;
    const answer = decideIncident(
      until === null
        ? { command: "lift_mute", userId, reason }
        : { command: "mute", until, userId, reason, service },
      state,
      now,
    );
    if (answer.kind === "refused" || answer.events.length === 0) continue;
    const { id, correlationId } = state;
    const { events } = answer;
    moves.writes.push(incidentWrite(id, version, events));
    for (const stage of ["notify", "investigate"] as const) {
      // A waiting row would keep its earlier time.
      moves.cancel.push({ stage, subject: id });
      moves.followUps.push({ stage, subject: id, correlationId, ...(until !== null && { dueAt: until }) });
    }
  }
  return moves;
}

/**
 * For how many milliseconds more an incident is held back; null: it is not. The mute itself is asked: it may have been
 * made longer since, or have been ended.
 */
export async function heldBackFor(
  { mutedUntil: since, mutedService }: Pick<IncidentState, "mutedUntil" | "mutedService">,
  { ledger }: Pick<Store, "ledger">,
  now: Instant,
): Promise<number | null> {
  if (since === null || mutedService === null) return null;
  const until = mutedUntil((await ledger.muteOf(mutedService))?.state ?? null, now);
  return until === null ? null : Date.parse(until) - Date.parse(now);
}
