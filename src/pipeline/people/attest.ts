import { decideChange } from "../../domain/change/decide-change.ts";
import type { ChangeEvent } from "../../domain/change/events.ts";
import type { ChangeId } from "../../domain/ids.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { checkPermission, type PermissionDeps, refuseAction, targetOf } from "./check-permission.ts";
import { commitAnswer, noSuchChange } from "./commit-answer.ts";

export interface AttestInput {
  changeId: ChangeId;
  version: number;
  digest: string;
  userId: string;
}

/** Records, with their name, that a person states what the tool's contract asks somebody to state. */
export async function attest(
  { changeId, version, digest, userId }: AttestInput,
  deps: PermissionDeps & { store: Store },
): Promise<ActionAnswer> {
  const loaded = await deps.store.ledger.change(changeId);
  if (loaded === null) return noSuchChange(changeId);
  const asked = await checkPermission(userId, "attest", targetOf(loaded.state), deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") return refuseAction(changeId, "attest", asked, deps);
  const { person } = asked;

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(changeId);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(changeId) };
    const answer = decideChange(
      { command: "attest", person, version, digest },
      fresh.state,
      await deps.store.now(),
    );
    return commitAnswer(fresh, answer, "attest", sentence, deps);
  });
}

function sentence(events: readonly ChangeEvent[]): string {
  return events.length === 0
    ? "Somebody has stated it already."
    : "It is recorded with your name. Now it can be approved.";
}
