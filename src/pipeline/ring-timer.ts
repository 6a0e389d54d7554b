import { decideChange } from "../domain/change/decide-change.ts";
import { ChangeId } from "../domain/ids.ts";
import { afterEnd } from "./after-end.ts";
import type { Store, WorkItem } from "./ports/storage.ts";
import { changeWrite } from "./propose-change.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";

/** A timer of a change has come: its approval time is over, or its review date is here. */
export async function ringTimer(
  command: "expire" | "review",
  item: WorkItem,
  { store }: { store: Store },
): Promise<StageOutcome> {
  const loaded = await store.ledger.change(ChangeId.parse(item.subject));
  if (loaded === null) return { kind: "nothing_to_do" };
  const { state, version } = loaded;
  const now = await store.now();
  const answer = decideChange({ command }, state, now);
  if (answer.kind === "refused") {
    const dueAt = command === "expire" ? state.expiresAt : (state.closure?.reviewAt ?? null);
    // The time was moved since this timer was set: wait for the new one.
    if (answer.code !== "too_early" || dueAt === null) return { kind: "nothing_to_do" };
    return {
      kind: "again",
      inMs: Math.max(100, Date.parse(dueAt) - Date.parse(now)),
      because: answer.reason,
    };
  }
  if (answer.events.length === 0) return { kind: "nothing_to_do" };
  const beyond = await afterEnd(state, answer.events, store, now);
  const result = await store.ledger.commit({
    writes: [changeWrite(state.id, version, answer.events), ...beyond.writes],
    followUps: [
      { stage: "notify", subject: state.incidentId, correlationId: state.correlationId },
      ...beyond.followUps,
    ],
    finish: item,
  });
  return outcomeOf(result);
}
