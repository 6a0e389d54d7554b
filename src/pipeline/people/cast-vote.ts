import type { ChangeState } from "../../domain/change/change.ts";
import { decideChange } from "../../domain/change/decide-change.ts";
import type { ChangeEvent } from "../../domain/change/events.ts";
import type { ChangeId } from "../../domain/ids.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { ValidApproval } from "../../domain/policy/requirement.ts";
import type { Permission } from "../../domain/policy/roles.ts";
import { checkPermission, neededRolesOf, type PermissionDeps, targetOf } from "./check-permission.ts";
import { commitAnswer, noSuchChange } from "./commit-answer.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Loaded, Store } from "../ports/storage.ts";
import { type DecideDeps, decideOnChange } from "../decide-now.ts";

export interface CastVoteDeps extends PermissionDeps, DecideDeps {
  store: Store;
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
  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(input.changeId);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(input.changeId) };
    const { state } = fresh;
    const needed = neededRolesOf(state, input.vote);
    const asked = await checkPermission(input.userId, input.vote, targetOf(state), deps, needed);
    if (asked.kind === "unavailable") return { kind: "answer", answer: asked };
    const answer = await decide(state, input, asked.person, asked.permission, deps);
    return commitAnswer(fresh, answer, input.vote, sentenceFor, deps);
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
  const needed = neededRolesOf(state, vote);
  const asked = await checkPermission(userId, vote, targetOf(state), deps, needed);
  if (asked.kind === "unavailable") return asked;
  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(state.id);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(state.id) };
    const { version, proposal } = fresh.state;
    const input = { changeId: state.id, version, digest: proposal.digest, vote, rationale: "", userId };
    const answer = await decide(fresh.state, input, asked.person, asked.permission, deps);
    if (answer.kind === "refused") return commitAnswer(fresh, answer, vote, sentenceFor, deps);
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
  const decision = await decideOnChange(state, incident.state, { approvals }, deps);
  const { vote, version, digest, rationale } = input;
  const now = await deps.store.now();
  const voter = { userId: person.userId, name: person.name };
  return decideChange(
    { command: "vote", vote, voter, permission, rationale, version, digest, decision },
    state,
    now,
  );
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
