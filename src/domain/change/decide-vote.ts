import { type Instant, later } from "../ids.ts";
import type { ChangeState } from "./change.ts";
import {
  type ChangeAnswer,
  type ChangeRefusal,
  refused,
  supersededWords,
  wrongState,
} from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";
import type { ChangeEvent, Vote } from "./events.ts";

type VoteCommand = Extract<ChangeCommand, { command: "vote" }>;

/** Counts a vote, or refuses it; the one that completes the quorum approves. */
export function decideVote(command: VoteCommand, state: ChangeState, now: Instant): ChangeAnswer {
  const { voter, permission, decision, version, digest } = command;
  if (state.status !== "awaiting_approval") return wrongState(state, "voted on");
  const refuse = (code: ChangeRefusal["code"], reason: string, before: ChangeEvent[] = []): ChangeRefusal => {
    const { userId, name } = voter;
    return refused(code, reason, [
      ...before,
      { type: "vote_refused", at: now, userId, name, vote: command.vote, reason },
    ]);
  };
  if (version !== state.version) {
    return refuse("old_version", supersededWords(state, version));
  }
  if (digest !== state.proposal.digest) {
    return refuse(
      "digest_mismatch",
      "The card does not match the recorded plan, so the vote does not count.",
    );
  }
  if (state.expiresAt !== null && now >= state.expiresAt) {
    return refused("wrong_state", "The time to decide is over; ask for a new draft.");
  }
  if (permission.kind === "refused") return refuse("not_permitted", permission.reason);
  const { requester } = state.proposal.action.actor;
  const asksForOthers =
    state.decision?.kind === "queue_for_review" && state.decision.requirement.separationOfDuties;
  const own = requester.kind === "person" && requester.userId === voter.userId;
  if (command.vote === "approve" && asksForOthers && own) {
    return refuse("not_permitted", "whoever asked for a change does not approve it");
  }
  if (state.votes.some((cast) => cast.userId === voter.userId)) {
    return refused("voted_already", "Your vote is recorded already.");
  }
  const unstated =
    "requirement" in decision && state.attestation === null ? decision.requirement.attestation : null;
  if (command.vote === "approve" && unstated !== null) {
    return refuse("not_now", `somebody has to state first: ${unstated}`);
  }
  if (command.vote === "approve" && (decision.kind === "constrain" || decision.kind === "fallback")) {
    // Cast now it could complete a quorum that approves nothing, and never be cast again.
    const reason = `policy takes no approvals at the moment: ${decision.reasons.join(" ")} Try again when it does.`;
    return refuse("not_now", reason, [{ type: "decided", at: now, occasion: "vote", decision }]);
  }
  const onlyInEmergency = decision.kind === "queue_for_review" ? decision.requirement.onlyInEmergency : null;
  if (command.vote === "approve" && onlyInEmergency !== null) {
    return refuse("not_now", onlyInEmergency, [{ type: "decided", at: now, occasion: "vote", decision }]);
  }

  const cast: Vote = {
    vote: command.vote,
    userId: voter.userId,
    name: voter.name,
    roles: permission.roles,
    rationale: command.rationale,
    version,
    digest,
    at: now,
  };
  const recorded: ChangeEvent[] = [
    { type: "vote_cast", at: now, vote: cast },
    { type: "decided", at: now, occasion: "vote", decision },
  ];
  if (command.vote === "reject") {
    recorded.push({ type: "change_rejected", at: now, by: voter.name, rationale: command.rationale });
  } else if (decision.kind === "deny") {
    recorded.push({ type: "change_denied", at: now, reason: decision.reasons.join(" ") });
  } else if (
    decision.kind === "allow" &&
    approvers([...state.votes, cast]) >= Math.max(1, decision.requirement.count)
  ) {
    const expiresAt = later(now, decision.requirement.expiresAfterMs);
    recorded.push({ type: "change_approved", at: now, digest, expiresAt });
  }
  return { kind: "events", events: recorded };
}

/** How many different people said yes. */
export function approvers(votes: readonly Vote[]): number {
  return new Set(votes.filter((cast) => cast.vote === "approve").map((cast) => cast.userId)).size;
}
