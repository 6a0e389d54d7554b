import { decideChange } from "../../domain/change/decide-change.ts";
import type { ChangeId, Instant } from "../../domain/ids.ts";
import { noSuchChange } from "./commit-answer.ts";
import { checkPermission, type PermissionDeps, refusal, refuseAction, targetOf } from "./check-permission.ts";
import { endRequest } from "../end-request.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { FollowUp, Store } from "../ports/storage.ts";
import { changeWrite } from "../stream-writes.ts";

export interface CloseInput {
  changeId: ChangeId;
  userId: string;
  resolution: "keep" | "clean_up";
  owner: string;
  note: string;
  reviewAt: Instant | null;
}

/** Brings a change to its end: kept or to be cleaned up, by whom, and when somebody looks again. */
export async function closeChange(
  input: CloseInput,
  deps: PermissionDeps & { store: Store },
): Promise<ActionAnswer> {
  const loaded = await deps.store.ledger.change(input.changeId);
  if (loaded === null) return noSuchChange(input.changeId);
  const target = targetOf(loaded.state);
  const asked = await checkPermission(input.userId, "close", target, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") return refuseAction(input.changeId, "close", asked, deps);
  const by = asked.person.name;

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(input.changeId);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(input.changeId) };
    const { id, incidentId, correlationId } = fresh.state;
    const { resolution, owner, note, reviewAt } = input;
    const now = await deps.store.now();
    const answer = decideChange(
      { command: "close", resolution, owner, note, by, reviewAt, linkedChangeId: null },
      fresh.state,
      now,
    );
    if (answer.kind === "refused") {
      return { kind: "answer", answer: refusal(answer.reason, "close", target, deps.rulebook) };
    }
    const done: ActionAnswer = {
      kind: "done",
      text:
        reviewAt === null
          ? `Closed: ${words[resolution]}.`
          : `Closed: ${words[resolution]}, to be looked at again at ${reviewAt}.`,
    };
    if (answer.events.length === 0) return { kind: "answer", answer: done };
    const followUps: FollowUp[] = [{ stage: "notify", subject: incidentId, correlationId }];
    if (reviewAt !== null) followUps.push({ stage: "review", subject: id, correlationId, dueAt: reviewAt });
    return {
      kind: "commit",
      commit: {
        writes: [
          changeWrite(id, fresh.version, answer.events),
          ...(await endRequest(fresh.state, `was closed by ${by}`, deps.store, now)),
        ],
        // A date set earlier no longer counts.
        cancel: [{ stage: "review", subject: id }],
        followUps,
      },
      after: () => done,
    };
  });
}

const words = { keep: "kept", clean_up: "to be cleaned up" } as const;
