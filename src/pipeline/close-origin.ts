import type { ChangeState } from "../domain/change/change.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import type { Instant } from "../domain/ids.ts";
import { requesterText } from "../domain/people.ts";
import type { Commit, Store } from "./ports/storage.ts";
import { changeWrite } from "./stream-writes.ts";

/** The change that this one reverses or widens has found its end. */
export async function closeOrigin(
  state: ChangeState,
  batch: Commit,
  store: Store,
  now: Instant,
): Promise<void> {
  const { lineage, action } = state.proposal;
  if (lineage === null || lineage.kind === "restores_overwritten") return;
  const origin = await store.ledger.change(lineage.changeId);
  if (origin === null) return;
  const by = requesterText(action.actor.requester);
  const answer = decideChange(
    {
      command: "close",
      resolution: lineage.kind === "reverses" ? "roll_back" : "expand",
      owner: by,
      note: `Ended by ${state.id}.`,
      by,
      reviewAt: null,
      linkedChangeId: state.id,
    },
    origin.state,
    now,
  );
  if (answer.kind === "refused" || answer.events.length === 0) return;
  batch.writes.push(changeWrite(origin.state.id, origin.version, answer.events));
  const { id: subject } = origin.state;
  batch.cancel?.push({ stage: "review", subject }, { stage: "verify", subject });
  const { incidentId, correlationId } = origin.state;
  if (incidentId !== state.incidentId) {
    batch.followUps?.push({ stage: "notify", subject: incidentId, correlationId });
  }
}
