import type { Instant } from "../ids.ts";
import type { Decision } from "../policy/decision.ts";
import type { ChangeState } from "./change.ts";
import { type ChangeAnswer, events, refused, wrongState } from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";
import { decideClose } from "./decide-close.ts";
import { decideBegin, recordOutcome, recordReconciliation } from "./decide-execution.ts";
import { decideVote } from "./decide-vote.ts";

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
      return decideVote(command, state, now);
    case "expire":
      if (state.status !== "awaiting_approval" && state.status !== "approved")
        return wrongState(state, "expired");
      if (state.expiresAt === null || now < state.expiresAt) {
        return refused("too_early", `It expires at ${state.expiresAt ?? "no time"}.`);
      }
      return events({ type: "change_expired", at: now });
    case "supersede": {
      if (state.status !== "shown" && state.status !== "awaiting_approval" && state.status !== "approved")
        return wrongState(state, "superseded");
      const { reason, current } = command;
      return events({ type: "change_superseded", at: now, reason, current });
    }
    case "begin":
      return decideBegin(command, state, now);
    case "record_outcome":
      return recordOutcome(command, state, now);
    case "record_reconciliation":
      return recordReconciliation(command, state, now);
    case "record_verdict":
      if (state.applied === null) return wrongState(state, "verified");
      if (state.verification !== null) return events();
      return events({ type: "change_verified", at: now, verification: command.verification });
    case "close":
      return decideClose(command, state, now);
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
