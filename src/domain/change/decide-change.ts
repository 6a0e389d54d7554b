import { type ChangeId, type CorrelationId, type IncidentId, type Instant, later } from "../ids.ts";
import type { PersonFacts } from "../people.ts";
import type { Decision } from "../policy/decision.ts";
import type { Permission, PersonAction } from "../policy/roles.ts";
import type { Verification } from "../verification.ts";
import type { ChangeState, ChangeStatus } from "./change.ts";
import type { ChangeEvent, Resolution, Vote } from "./events.ts";
import type { ApplyOutcome, Reconciliation } from "./outcome.ts";
import type { Proposal } from "./proposal.ts";

export type ChangeCommand =
  | {
      command: "propose";
      incidentId: IncidentId;
      correlationId: CorrelationId;
      proposal: Proposal;
      decision: Decision;
    }
  | { command: "revise"; proposal: Proposal; decision: Decision; by: string }
  | {
      command: "vote";
      vote: Vote["vote"];
      voter: Pick<PersonFacts, "userId" | "name">;
      permission: Permission;
      rationale: string;
      /** What the clicked button carried. */
      version: number;
      digest: string;
      /** Policy's answer with this vote counted. */
      decision: Decision;
    }
  | { command: "expire" }
  | { command: "supersede"; reason: string; current: string[] }
  | { command: "begin"; operationId: string; epoch: number; digest: string; decision: Decision }
  | { command: "record_outcome"; operationId: string; outcome: ApplyOutcome }
  | { command: "record_reconciliation"; operationId: string; found: Reconciliation }
  | { command: "record_verdict"; verification: Verification }
  | {
      command: "close";
      resolution: Resolution;
      owner: string;
      note: string;
      by: string;
      reviewAt: Instant | null;
      linkedChangeId: ChangeId | null;
    }
  | { command: "review" }
  /** Somebody may not do something; recorded whatever the state. */
  | {
      command: "refuse";
      action: PersonAction;
      person: Pick<PersonFacts, "userId" | "name">;
      reason: string;
    };

/** Why a command was refused: the code for the program, the sentence for the person. */
export type ChangeRefusal = {
  kind: "refused";
  code:
    | "unknown"
    | "exists"
    | "wrong_state"
    | "old_version"
    | "digest_mismatch"
    | "voted_already"
    | "not_permitted"
    | "not_now"
    | "too_early"
    | "invalid";
  reason: string;
  /** To be recorded although the command was refused (a refused vote is a ledger event too). */
  events: ChangeEvent[];
};
export type ChangeAnswer = { kind: "events"; events: ChangeEvent[] } | ChangeRefusal;

const ends: readonly ChangeStatus[] = [
  "denied",
  "shown",
  "rejected",
  "expired",
  "superseded",
  "failed",
  "closed",
];

/** Pure: state and command in, events or a refusal out. The table of docs/architecture.md, line by line. */
export function decideChange(command: ChangeCommand, state: ChangeState | null, now: Instant): ChangeAnswer {
  if (command.command === "propose") {
    if (state !== null) return refused("exists", "The change exists already.");
    const { incidentId, correlationId, proposal, decision } = command;
    return events(
      { type: "change_proposed", at: now, incidentId, correlationId, proposal },
      { type: "decided", at: now, occasion: "draft", decision: draftDecision(decision) },
    );
  }
  if (state === null) return refused("unknown", "There is no such change.");

  switch (command.command) {
    case "revise":
      if (state.status !== "shown" && state.status !== "awaiting_approval")
        return wrongState(state, "revised");
      return events(
        { type: "change_revised", at: now, proposal: command.proposal, by: command.by },
        { type: "decided", at: now, occasion: "draft", decision: draftDecision(command.decision) },
      );
    case "vote":
      return vote(command, state, now);
    case "expire":
      if (state.status !== "awaiting_approval" && state.status !== "approved")
        return wrongState(state, "expired");
      if (state.expiresAt === null || now < state.expiresAt) {
        return refused("too_early", `It expires at ${state.expiresAt ?? "no time"}.`);
      }
      return events({ type: "change_expired", at: now });
    case "supersede": {
      if (state.status !== "awaiting_approval" && state.status !== "approved")
        return wrongState(state, "superseded");
      const { reason, current } = command;
      return events({ type: "change_superseded", at: now, reason, current });
    }
    case "begin":
      return begin(command, state, now);
    case "record_outcome":
      return recordOutcome(command, state, now);
    case "record_reconciliation":
      return recordReconciliation(command, state, now);
    case "record_verdict":
      if (state.applied === null) return wrongState(state, "verified");
      if (state.verification !== null) return events();
      return events({ type: "change_verified", at: now, verification: command.verification });
    case "close":
      return close(command, state, now);
    case "refuse": {
      const { action, person, reason } = command;
      const { userId, name } = person;
      return events({ type: "action_refused", at: now, action, userId, name, reason });
    }
    case "review":
      if (state.status !== "closed" || state.closure?.reviewAt == null) return wrongState(state, "reviewed");
      if (now < state.closure.reviewAt)
        return refused("too_early", `Its review date is ${state.closure.reviewAt}.`);
      return state.reviewDue ? events() : events({ type: "review_due", at: now });
  }
}

/** A draft has no votes yet: without a click nothing is ever more than queued for review. */
function draftDecision(decision: Decision): Decision {
  return decision.kind === "allow" ? { ...decision, kind: "queue_for_review" } : decision;
}

type VoteCommand = Extract<ChangeCommand, { command: "vote" }>;

function vote(command: VoteCommand, state: ChangeState, now: Instant): ChangeAnswer {
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
    return refuse("old_version", `This is version ${version}; the live card shows version ${state.version}.`);
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
  if (command.vote === "approve" && (decision.kind === "constrain" || decision.kind === "fallback")) {
    // Cast now it could complete a quorum that approves nothing, and never be cast again.
    const reason = `policy takes no approvals at the moment: ${decision.reasons.join(" ")} Try again when it does.`;
    return refuse("not_now", reason, [{ type: "decided", at: now, occasion: "vote", decision }]);
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
  } else if (decision.kind === "allow" && approvers([...state.votes, cast]) >= decision.requirement.count) {
    const expiresAt = later(now, decision.requirement.expiresAfterMs);
    recorded.push({ type: "change_approved", at: now, digest, expiresAt });
  }
  return { kind: "events", events: recorded };
}

function approvers(votes: readonly Vote[]): number {
  return new Set(votes.filter((cast) => cast.vote === "approve").map((cast) => cast.userId)).size;
}

type BeginCommand = Extract<ChangeCommand, { command: "begin" }>;

function begin(command: BeginCommand, state: ChangeState, now: Instant): ChangeAnswer {
  const { operationId, epoch, digest, decision } = command;
  if (state.status !== "approved") return wrongState(state, "executed");
  if (digest !== state.proposal.digest) {
    return refused("digest_mismatch", "The recomputed digest is not the approved one.");
  }
  if (state.expiresAt !== null && now >= state.expiresAt)
    return refused("wrong_state", "The approval has expired.");
  const recorded: ChangeEvent = { type: "decided", at: now, occasion: "execution", decision };
  if (decision.kind === "queue_for_review") {
    const reason = decision.reasons.join(" ");
    const expiresAt = later(now, decision.requirement.expiresAfterMs);
    return events(recorded, { type: "votes_voided", at: now, reason, expiresAt });
  }
  if (decision.kind !== "allow") {
    return events(recorded, { type: "change_denied", at: now, reason: decision.reasons.join(" ") });
  }
  const approved = state.votes.filter((cast) => cast.vote === "approve" && cast.digest === digest);
  if (approvers(approved) < decision.requirement.count) {
    return refused("invalid", "The ledger does not hold enough approvals for this digest.");
  }
  return events(recorded, { type: "execution_started", at: now, operationId, epoch, digest });
}

type OutcomeCommand = Extract<ChangeCommand, { command: "record_outcome" }>;

function recordOutcome(command: OutcomeCommand, state: ChangeState, now: Instant): ChangeAnswer {
  const { operationId, outcome } = command;
  const wrong = notExecuting(state, operationId);
  if (wrong !== null) return wrong;
  switch (outcome.kind) {
    case "applied":
      return events(applied(state, operationId, outcome, now, false));
    case "conflicted": {
      const reason = "The flag or a segment it uses is no longer what was approved. Nothing was written.";
      return events({ type: "change_superseded", at: now, reason, current: outcome.current });
    }
    case "failed":
      return events({ type: "execution_failed", at: now, operationId, reason: outcome.reason });
    case "unknown":
      return events({ type: "execution_uncertain", at: now, operationId, reason: outcome.reason });
  }
}

type ReconciliationCommand = Extract<ChangeCommand, { command: "record_reconciliation" }>;

function recordReconciliation(
  command: ReconciliationCommand,
  state: ChangeState,
  now: Instant,
): ChangeAnswer {
  const { operationId, found } = command;
  const wrong = notExecuting(state, operationId);
  if (wrong !== null) return wrong;
  switch (found.kind) {
    case "applied":
      return events(applied(state, operationId, found, now, true));
    case "not_applied":
      return events();
    case "unclear":
      return events({
        type: "human_needed",
        at: now,
        operationId,
        reason: found.reason,
        current: found.current,
      });
  }
}

function notExecuting(state: ChangeState, operationId: string): ChangeRefusal | null {
  if (state.status !== "executing") return wrongState(state, "given an outcome");
  if (state.execution?.operationId !== operationId)
    return refused("invalid", "Another execution is under way.");
  return null;
}

function applied(
  state: ChangeState,
  operationId: string,
  found: { revision: string; chain: Extract<ApplyOutcome, { kind: "applied" }>["chain"] },
  now: Instant,
  reconciled: boolean,
): ChangeEvent {
  const started = state.execution?.startedAt ?? now;
  return {
    type: "change_applied",
    at: now,
    operationId,
    revision: found.revision,
    chain: found.chain,
    reconciled,
    latencyMs: Math.max(0, Date.parse(now) - Date.parse(started)),
  };
}

type CloseCommand = Extract<ChangeCommand, { command: "close" }>;

function close(command: CloseCommand, state: ChangeState, now: Instant): ChangeAnswer {
  const { command: _, ...facts } = command;
  if (state.status !== "applied" && state.status !== "needs_human" && !ends.includes(state.status)) {
    return wrongState(state, "closed");
  }
  // The same click twice is one closing; any other word about a closed change is news.
  if (state.closure !== null && !state.reviewDue) {
    // The same click twice is one closing. A form that was opened before somebody else closed it must not win.
    if (sameClosing(facts, state.closure)) return events();
    if (command.linkedChangeId === null) {
      const { by, resolution } = state.closure;
      const words = resolution.replaceAll("_", " ");
      return refused("wrong_state", `It was closed already (${words}) by ${by}. Its card says how.`);
    }
  }
  if (command.owner.trim() === "") return refused("invalid", "A closed change needs an owner.");
  if (command.reviewAt !== null && command.reviewAt <= now) {
    return refused("invalid", "The review date must lie ahead.");
  }
  const stands = command.resolution === "keep" && state.applied !== null;
  if (stands && state.proposal.temporary && command.reviewAt === null) {
    return refused("invalid", "A temporary change that is kept needs a review date.");
  }
  return events({ type: "change_closed", at: now, ...facts });
}

function sameClosing(
  facts: Omit<CloseCommand, "command">,
  closure: NonNullable<ChangeState["closure"]>,
): boolean {
  const { resolution, owner, note, by, reviewAt, linkedChangeId } = facts;
  return (
    resolution === closure.resolution &&
    owner === closure.owner &&
    note === closure.note &&
    by === closure.by &&
    reviewAt === closure.reviewAt &&
    linkedChangeId === closure.linkedChangeId
  );
}

function events(...list: ChangeEvent[]): ChangeAnswer {
  return { kind: "events", events: list };
}

function refused(code: ChangeRefusal["code"], reason: string, list: ChangeEvent[] = []): ChangeRefusal {
  return { kind: "refused", code, reason, events: list };
}

function wrongState(state: ChangeState, verb: string): ChangeRefusal {
  const status = state.status.replaceAll("_", " ");
  const who = state.ended?.by ? ` by ${state.ended.by}` : "";
  return refused("wrong_state", `It cannot be ${verb}: it is ${status}${who}.`);
}
