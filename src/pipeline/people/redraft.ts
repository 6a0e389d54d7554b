import { type ChangeState, isOpen } from "../../domain/change/change.ts";
import type { ChangeId } from "../../domain/ids.ts";
import { decideIncident } from "../../domain/incident/decide-incident.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { noSuchChange } from "./commit-answer.ts";
import { checkPermission, type PermissionDeps, refusal, refuseAction, targetOf } from "./check-permission.ts";
import { incidentWrite } from "../stream-writes.ts";

export interface RedraftDeps extends PermissionDeps {
  store: Store;
}

/**
 * Has the incident of a superseded change looked at anew. Clicked twice it is one look: while that is under way, and
 * when it has ended in a change, nothing more is begun.
 */
export async function redraft(
  { changeId, userId }: { changeId: ChangeId; userId: string },
  deps: RedraftDeps,
): Promise<ActionAnswer> {
  const { ledger } = deps.store;
  const loaded = await ledger.change(changeId);
  if (loaded === null) return noSuchChange(changeId);
  const target = targetOf(loaded.state);
  const asked = await checkPermission(userId, "propose", target, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") return refuseAction(changeId, "propose", asked, deps);
  const { person } = asked;
  const refuse = (reason: string) => refusal(reason, "propose", target, deps.rulebook);

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const change = (await ledger.change(changeId))?.state ?? loaded.state;
    const incident = await ledger.incident(change.incidentId);
    if (incident === null)
      throw new Error(`change/${changeId}: its incident ${change.incidentId} is missing`);
    if (change.status !== "superseded" || change.proposal.lineage !== null) {
      const reason = `${changeId} is not a draft that its flag has outrun, so there is nothing to draft anew.`;
      return { kind: "answer", answer: refuse(reason) };
    }
    const open = await openChangeBeside(change, deps);
    if (open !== null) {
      const reason = `${open.id} is open already: decide on that one first.`;
      const openChange = { changeId: open.id, incidentId: open.incidentId };
      return { kind: "answer", answer: { ...refuse(reason), openChange } };
    }
    const answer = decideIncident(
      { command: "redraft", changeId, userId: person.userId, name: person.name },
      incident.state,
      await deps.store.now(),
    );
    if (answer.kind === "refused") return { kind: "answer", answer: refuse(`Not now: ${answer.reason}.`) };
    const done: ActionAnswer = {
      kind: "done",
      text: "It is being looked at again. The card shows what comes of it.",
    };
    if (answer.events.length === 0) return { kind: "answer", answer: done };
    const { id, correlationId } = incident.state;
    return {
      kind: "commit",
      commit: {
        writes: [incidentWrite(id, incident.version, answer.events)],
        followUps: [
          { stage: "notify", subject: id, correlationId },
          { stage: "investigate", subject: id, correlationId },
        ],
      },
      after: () => done,
    };
  });
}

/** A change that is open for the same flag, or on the same card. */
async function openChangeBeside(
  { incidentId, proposal }: ChangeState,
  { store }: RedraftDeps,
): Promise<ChangeState | null> {
  const { environmentId, key } = proposal.plan.ref;
  const ofFlag = await store.ledger.openChangeFor(environmentId, key);
  if (ofFlag !== null) return ofFlag.state;
  const own = await store.ledger.changesOfIncident(incidentId);
  return own.find(({ state }) => isOpen(state.status))?.state ?? null;
}
