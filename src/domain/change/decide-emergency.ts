import { type Instant, later } from "../ids.ts";
import type { ChangeState } from "./change.ts";
import {
  type ChangeAnswer,
  type ChangeRefusal,
  events,
  refused,
  supersededBy,
  supersededWords,
  wrongState,
} from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";
import type { ChangeEvent } from "./events.ts";

type BreakGlassCommand = Extract<ChangeCommand, { command: "break_glass" }>;

/** What has to be typed to break the glass of this change. */
export function emergencyWords(state: Pick<ChangeState, "id">): string {
  return `emergency ${state.id}`;
}

/** One permitted person approves alone. Refusals of people who may not are recorded, like refused votes. */
export function decideBreakGlass(command: BreakGlassCommand, state: ChangeState, now: Instant): ChangeAnswer {
  const { person, permission, words, rationale, decision, version, digest } = command;
  const { userId, name } = person;
  if (state.status !== "awaiting_approval") return wrongState(state, "approved in an emergency");
  const refuse = (code: ChangeRefusal["code"], reason: string, before: ChangeEvent[] = []): ChangeRefusal =>
    refused(code, reason, [
      ...before,
      { type: "action_refused", at: now, action: "break_glass", userId, name, reason },
    ]);
  if (version !== state.version || digest !== state.proposal.digest) {
    return refuse("old_version", supersededWords(state, version));
  }
  if (state.expiresAt !== null && now >= state.expiresAt) {
    return refused("wrong_state", "The time to decide is over; ask for a new draft.");
  }
  if (permission.kind === "refused") return refuse("not_permitted", permission.reason);
  const own = ownBecause(userId, state);
  if (own !== null) return refuse("not_permitted", own);
  if (words.trim().toLowerCase() !== emergencyWords(state).toLowerCase()) {
    return refused("invalid", `To confirm, type exactly: ${emergencyWords(state)}`);
  }
  if (rationale.trim() === "") return refused("invalid", "An emergency needs a reason.");
  const decided: ChangeEvent = { type: "decided", at: now, occasion: "break_glass", decision };
  if (decision.kind !== "allow" || decision.rule !== "break_glass") {
    return refuse("not_now", `policy does not allow it: ${decision.reasons.join(" ")}`, [decided]);
  }
  if (decision.requirement.attestation !== null && state.attestation === null) {
    return refuse("not_now", `somebody has to state first: ${decision.requirement.attestation}`);
  }
  const until = later(now, Math.min(command.validForMs, decision.requirement.expiresAfterMs));
  const glass = {
    userId,
    name,
    roles: permission.roles,
    words: words.trim(),
    rationale,
    version,
    digest,
    at: now,
    until,
  };
  return events({ type: "glass_broken", at: now, glass }, decided, {
    type: "change_approved",
    at: now,
    digest,
    expiresAt: until,
  });
}

/** One person alone neither asks for a change nor words it and then lets it happen, whatever burns. */
function ownBecause(userId: string, { decision, proposal, edits }: ChangeState): string | null {
  if (decision === null || !("requirement" in decision) || !decision.requirement.separationOfDuties)
    return null;
  const { requester } = proposal.action.actor;
  if (requester.kind === "person" && requester.userId === userId) {
    return "whoever asked for a change does not approve it, not even in an emergency";
  }
  return edits.some((edit) => edit.userId === userId)
    ? "whoever edited a change does not approve it alone, not even in an emergency"
    : null;
}

type AttestCommand = Extract<ChangeCommand, { command: "attest" }>;

/** Records what a person states, as the tool's contract words it. Said twice it is said once. */
export function decideAttest(command: AttestCommand, state: ChangeState, now: Instant): ChangeAnswer {
  if (state.status !== "awaiting_approval") return wrongState(state, "attested");
  const { userId, name } = command.person;
  if (command.version !== state.version || command.digest !== state.proposal.digest) {
    return supersededBy(state, command.version);
  }
  const { decision } = state;
  const statement = decision !== null && "requirement" in decision ? decision.requirement.attestation : null;
  if (statement === null) return refused("invalid", "Nothing has to be stated for this change.");
  if (state.attestation !== null) return events();
  const { digest } = state.proposal;
  return events({ type: "attested", at: now, attestation: { userId, name, statement, digest, at: now } });
}
