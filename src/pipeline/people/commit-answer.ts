import type { ChangeState } from "../../domain/change/change.ts";
import type { ChangeAnswer } from "../../domain/change/change-answer.ts";
import type { ChangeEvent } from "../../domain/change/events.ts";
import type { PersonAction } from "../../domain/policy/roles.ts";
import { later } from "../../domain/ids.ts";
import { afterEnd } from "../after-end.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Commit, FollowUp, Loaded, Store } from "../ports/storage.ts";
import { changeWrite } from "../stream-writes.ts";
import { tellEmergency } from "../tell-of-emergency.ts";
import { neededRolesOf, type PermissionDeps, refusal, targetOf } from "./check-permission.ts";

type Prepared =
  { kind: "commit"; commit: Commit; after: () => ActionAnswer } | { kind: "answer"; answer: ActionAnswer };

/**
 * What a person did to a change, ready to commit, with the sentence they hear; or its refusal and the record of that.
 * An approval that it ends in starts the execution.
 */
export async function commitAnswer(
  { state, version }: Loaded<ChangeState>,
  answer: ChangeAnswer,
  action: PersonAction,
  sentence: (events: readonly ChangeEvent[]) => string,
  { store, rulebook }: Pick<PermissionDeps, "rulebook"> & { store: Store },
): Promise<Prepared> {
  const { events } = answer;
  const said: ActionAnswer =
    answer.kind === "refused"
      ? refusal(answer.reason, action, targetOf(state), rulebook, neededRolesOf(state, action))
      : { kind: "done", text: sentence(events) };
  if (events.length === 0) return { kind: "answer", answer: said };
  if (answer.kind === "refused") {
    return {
      kind: "commit",
      commit: { writes: [changeWrite(state.id, version, events)] },
      after: () => said,
    };
  }
  const beyond = await afterEnd(state, events, store, await store.now());
  return {
    kind: "commit",
    commit: {
      writes: [changeWrite(state.id, version, events), ...beyond.writes],
      followUps: [...followUpsOf(state, events), ...beyond.followUps],
    },
    after: () => said,
  };
}

/**
 * An execution ends by showing the card, most of them sooner than this: only of one that takes longer the card says
 * that it is under way. Slack takes one message a second, so that otherwise the outcome would wait for that.
 */
const carryOutMs = 1500;

function followUpsOf(
  { id, incidentId, correlationId }: ChangeState,
  events: readonly ChangeEvent[],
): FollowUp[] {
  const show: FollowUp = { stage: "notify", subject: incidentId, correlationId };
  const approved = events.find((event) => event.type === "change_approved");
  if (approved === undefined) return [show];
  const alone = events.some((event) => event.type === "glass_broken");
  return [
    { stage: "execute", subject: id, correlationId },
    { ...show, dueAt: later(approved.at, carryOutMs) },
    ...(alone ? [tellEmergency(id)] : []),
    { stage: "expire", subject: id, correlationId, dueAt: approved.expiresAt },
  ];
}

export function noSuchChange(id: string): ActionAnswer {
  return { kind: "refused", reason: `There is no change ${id}.`, whoMay: { groups: [], users: [] } };
}
