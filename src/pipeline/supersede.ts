import type { ChangeState } from "../domain/change/change.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import type { Instant } from "../domain/ids.ts";
import { afterEnd } from "./after-end.ts";
import type { Loaded, Store, WorkItem } from "./ports/storage.ts";
import { changeWrite } from "./stream-writes.ts";
import type { Freshness } from "./recheck-approval.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";

/** Ends a change whose flag has moved, with what it is now; its card says so and offers to draft it anew. */
export async function supersede(
  { state, version }: Loaded<ChangeState>,
  { reason, current }: Extract<Freshness, { kind: "stale" }>,
  item: WorkItem,
  store: Store,
  now: Instant,
): Promise<StageOutcome> {
  const answer = decideChange({ command: "supersede", reason, current }, state, now);
  if (answer.kind === "refused") throw new Error(`change/${state.id}: ${answer.reason}`);
  const beyond = await afterEnd(state, answer.events, store, now);
  const { id, incidentId, correlationId } = state;
  const result = await store.ledger.commit({
    writes: [changeWrite(id, version, answer.events), ...beyond.writes],
    followUps: [{ stage: "notify", subject: incidentId, correlationId }, ...beyond.followUps],
    cancel: [{ stage: "expire", subject: id }],
    finish: item,
  });
  return outcomeOf(result);
}
