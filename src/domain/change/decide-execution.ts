import { type Instant, later } from "../ids.ts";
import type { Decision } from "../policy/decision.ts";
import type { ChangeState } from "./change.ts";
import { type ChangeAnswer, type ChangeRefusal, events, refused, wrongState } from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";
import { approvers } from "./decide-vote.ts";
import type { ChangeEvent } from "./events.ts";
import type { ApplyOutcome } from "./outcome.ts";

type BeginCommand = Extract<ChangeCommand, { command: "begin" }>;

/** Only what the ledger holds enough approvals for, with policy's answer of this moment, may start. */
export function decideBegin(command: BeginCommand, state: ChangeState, now: Instant): ChangeAnswer {
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
  if (!ledgerHoldsApproval(state, decision)) {
    return refused("invalid", "The ledger does not hold enough approvals for this digest.");
  }
  return events(recorded, { type: "execution_started", at: now, operationId, epoch, digest });
}

/** Whatever policy says: without people's word on exactly this plan, in this stream, nothing runs. */
function ledgerHoldsApproval(state: ChangeState, decision: Extract<Decision, { kind: "allow" }>): boolean {
  const { digest } = state.proposal;
  if (decision.requirement.attestation !== null && state.attestation?.digest !== digest) return false;
  switch (decision.rule) {
    case "break_glass":
      return state.glass?.digest === digest;
    case "standing_approval":
      return state.standing?.digest === digest;
    default: {
      const approved = state.votes.filter((cast) => cast.vote === "approve" && cast.digest === digest);
      return approvers(approved) >= Math.max(1, decision.requirement.count);
    }
  }
}

type OutcomeCommand = Extract<ChangeCommand, { command: "record_outcome" }>;

export function recordOutcome(command: OutcomeCommand, state: ChangeState, now: Instant): ChangeAnswer {
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

export function recordReconciliation(
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
