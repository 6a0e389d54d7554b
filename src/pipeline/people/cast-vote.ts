import type { ChangeState } from "../../domain/change/change.ts";
import type { ChangeRefusal } from "../../domain/change/change-answer.ts";
import { decideChange } from "../../domain/change/decide-change.ts";
import type { ChangeEvent } from "../../domain/change/events.ts";
import type { ChangeId } from "../../domain/ids.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { ValidApproval } from "../../domain/policy/decide-action.ts";
import type { Permission, PersonAction } from "../../domain/policy/roles.ts";
import {
  checkPermission,
  neededRolesOf,
  type PermissionDeps,
  refusal,
  targetOf,
} from "./check-permission.ts";
import { afterEnd } from "../after-end.ts";
import { commitDecision } from "../commit-decision.ts";
import type { Controls } from "../ports/controls.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { FollowUp, Loaded, Store } from "../ports/storage.ts";
import { changeWrite, decideNow } from "../propose-change.ts";

export interface CastVoteDeps extends PermissionDeps {
  store: Store;
  controls: Controls;
}

export interface VoteInput {
  changeId: ChangeId;
  version: number;
  digest: string;
  vote: "approve" | "reject";
  rationale: string;
  userId: string;
}

/** Counts a vote, or refuses it and records the refusal. The vote that completes the quorum starts execution. */
export async function castVote(input: VoteInput, deps: CastVoteDeps): Promise<ActionAnswer> {
  const loaded = await deps.store.ledger.change(input.changeId);
  if (loaded === null) return noSuchChange(input.changeId);
  const target = targetOf(loaded.state);
  const needed = input.vote === "approve" ? neededRolesOf(loaded.state) : undefined;
  const asked = await checkPermission(input.userId, input.vote, target, deps, needed);
  if (asked.kind === "unavailable") return asked;
  const { person, permission } = asked;

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(input.changeId);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(input.changeId) };
    const answer = await decide(fresh.state, input, person, permission, deps);
    if (answer.kind === "refused") return refusedAnswer(fresh, answer, input.vote, deps);
    const beyond = await afterEnd(fresh.state, answer.events, deps.store, await deps.store.now());
    return {
      kind: "commit",
      commit: {
        writes: [changeWrite(fresh.state.id, fresh.version, answer.events), ...beyond.writes],
        followUps: [...followUpsOf(fresh.state, answer.events), ...beyond.followUps],
      },
      after: () => ({ kind: "done", text: sentenceFor(answer.events) }),
    };
  });
}

/** Before a modal opens: would a vote by this person be refused? A refusal is recorded as one. */
export async function checkVote(
  change: Loaded<ChangeState>,
  userId: string,
  vote: "approve" | "reject",
  deps: CastVoteDeps,
): Promise<ActionAnswer> {
  const { state } = change;
  const needed = vote === "approve" ? neededRolesOf(state) : undefined;
  const asked = await checkPermission(userId, vote, targetOf(state), deps, needed);
  if (asked.kind === "unavailable") return asked;
  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(state.id);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(state.id) };
    const { version, proposal } = fresh.state;
    const input = { changeId: state.id, version, digest: proposal.digest, vote, rationale: "", userId };
    const answer = await decide(fresh.state, input, asked.person, asked.permission, deps);
    if (answer.kind === "refused") return refusedAnswer(fresh, answer, vote, deps);
    return { kind: "answer", answer: { kind: "done", text: "Yes." } };
  });
}

async function decide(
  state: ChangeState,
  input: VoteInput,
  person: PersonFacts,
  permission: Permission,
  deps: CastVoteDeps,
) {
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (incident === null) throw new Error(`change/${state.id}: its incident ${state.incidentId} is missing`);
  const approvals: ValidApproval[] = state.votes.filter(
    (cast) => cast.vote === "approve" && cast.digest === state.proposal.digest,
  );
  if (input.vote === "approve" && permission.kind === "granted") {
    approvals.push({ userId: person.userId, roles: permission.roles });
  }
  const decision = await decideNow(state.proposal.action, incident.state, approvals, deps);
  const { vote, version, digest, rationale } = input;
  const now = await deps.store.now();
  const voter = { userId: person.userId, name: person.name };
  return decideChange(
    { command: "vote", vote, voter, permission, rationale, version, digest, decision },
    state,
    now,
  );
}

function refusedAnswer(
  change: Loaded<ChangeState>,
  refused: ChangeRefusal,
  action: PersonAction,
  deps: CastVoteDeps,
) {
  const among = action === "approve" ? neededRolesOf(change.state) : undefined;
  const answer: ActionAnswer = refusal(refused.reason, action, targetOf(change.state), deps.rulebook, among);
  if (refused.events.length === 0) return { kind: "answer" as const, answer };
  return {
    kind: "commit" as const,
    commit: { writes: [changeWrite(change.state.id, change.version, refused.events)] },
    after: () => answer,
  };
}

function followUpsOf(state: ChangeState, events: readonly ChangeEvent[]): FollowUp[] {
  const { id, incidentId, correlationId } = state;
  const show: FollowUp = { stage: "notify", subject: incidentId, correlationId };
  const approved = events.find((event) => event.type === "change_approved");
  if (approved === undefined) return [show];
  return [
    show,
    { stage: "execute", subject: id, correlationId },
    { stage: "expire", subject: id, correlationId, dueAt: approved.expiresAt },
  ];
}

function sentenceFor(events: readonly ChangeEvent[]): string {
  const types = new Set(events.map((event) => event.type));
  if (types.has("change_approved")) return "Approved. It is being carried out now.";
  if (types.has("change_rejected")) return "Rejected. Nothing will be changed.";
  if (types.has("change_denied")) return "Your vote is recorded, but policy now denies this change.";
  const decision = events.find((event) => event.type === "decided")?.decision;
  const why = decision === undefined ? "" : ` ${decision.reasons.join(" ")}`;
  return `Your vote is recorded.${why}`;
}

export function noSuchChange(id: string): ActionAnswer {
  return { kind: "refused", reason: `There is no change ${id}.`, whoMay: { groups: [], users: [] } };
}
