import type { ChangeState } from "../domain/change/change.ts";
import { nextChase } from "../domain/change/decide-chase.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import { ChangeId, type Instant } from "../domain/ids.ts";
import { afterEnd } from "./after-end.ts";
import type { Store, WorkItem } from "./ports/storage.ts";
import { changeWrite } from "./stream-writes.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";

/** A timer of a change has come: people are to be reminded, its approval time is over, or its review date is here. */
export async function ringTimer(
  command: "expire" | "chase" | "review",
  item: WorkItem,
  { store }: { store: Store },
): Promise<StageOutcome> {
  const loaded = await store.ledger.change(ChangeId.parse(item.subject));
  if (loaded === null) return { kind: "nothing_to_do" };
  const { state, version } = loaded;
  const now = await store.now();
  const answer = decideChange({ command }, state, now);
  if (answer.kind === "refused") {
    const dueAt = dueAtOf(command, state);
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
      // It finds out itself when its next step is due.
      ...(command === "chase"
        ? [{ stage: command, subject: state.id, correlationId: state.correlationId }]
        : []),
    ],
    finish: item,
  });
  return outcomeOf(result);
}

function dueAtOf(command: "expire" | "chase" | "review", state: ChangeState): Instant | null {
  switch (command) {
    case "expire":
      return state.expiresAt;
    case "chase":
      return nextChase(state)?.dueAt ?? null;
    case "review":
      return state.closure?.reviewAt ?? null;
  }
}
