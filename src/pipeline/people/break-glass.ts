import type { ChangeState } from "../../domain/change/change.ts";
import { decideChange } from "../../domain/change/decide-change.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import { commitDecision } from "../commit-decision.ts";
import { decideOnChange } from "../decide-now.ts";
import type { ActionAnswer, BreakGlassInput } from "../ports/person-actions.ts";
import type { CastVoteDeps } from "./cast-vote.ts";
import { type Asked, checkPermission, neededRolesOf, refuseAction, targetOf } from "./check-permission.ts";
import { commitAnswer, noSuchChange } from "./commit-answer.ts";

/** One permitted person approves alone, in an emergency: it is carried out at once, or not any more a little later. */
export async function breakGlass(input: BreakGlassInput, deps: CastVoteDeps): Promise<ActionAnswer> {
  const loaded = await deps.store.ledger.change(input.changeId);
  if (loaded === null) return noSuchChange(input.changeId);
  const asked = await askForEmergency(input.userId, loaded.state, deps);
  if (asked.kind === "unavailable") return asked;

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(input.changeId);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(input.changeId) };
    const answer = await decide(fresh.state, input, asked, deps);
    return commitAnswer(fresh, answer, "break_glass", done, deps);
  });
}

function done(): string {
  return "Approved in an emergency. It is being carried out now, and everybody is told.";
}

/** Before the form opens: may this person? A refusal is recorded. */
export async function checkBreakGlass(
  state: ChangeState,
  userId: string,
  deps: CastVoteDeps,
): Promise<ActionAnswer> {
  const asked = await askForEmergency(userId, state, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") return refuseAction(state.id, "break_glass", asked, deps);
  return { kind: "done", text: "Yes." };
}

/** It stands for approvals: it takes the permission to approve as well, and one of the roles that the contract names. */
async function askForEmergency(userId: string, state: ChangeState, deps: CastVoteDeps): Promise<Asked> {
  const target = targetOf(state);
  const approving = await checkPermission(userId, "approve", target, deps);
  if (approving.kind === "unavailable" || approving.permission.kind === "refused") return approving;
  return checkPermission(userId, "break_glass", target, deps, neededRolesOf(state, "break_glass"));
}

async function decide(
  state: ChangeState,
  { version, digest, words, reason: rationale }: BreakGlassInput,
  { person, permission }: Extract<Asked, { kind: "asked" }>,
  deps: CastVoteDeps,
) {
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (incident === null) throw new Error(`change/${state.id}: its incident ${state.incidentId} is missing`);
  const brokenGlass = permission.kind === "granted" ? { name: person.name, roles: permission.roles } : null;
  const decision = await decideOnChange(state, incident.state, { approvals: [], brokenGlass }, deps);
  const rule = deps.rulebook.contracts.get(state.proposal.action.tool)?.approval?.breakGlass;
  const validForMs = rule === undefined ? 0 : durationMs(rule.validFor);
  return decideChange(
    { command: "break_glass", person, permission, words, rationale, validForMs, version, digest, decision },
    state,
    await deps.store.now(),
  );
}
