import type { ChangeId, CorrelationId, IncidentId, Instant } from "../ids.ts";
import type { PersonFacts } from "../people.ts";
import type { Decision } from "../policy/decision.ts";
import type { Permission, PersonAction } from "../policy/roles.ts";
import type { Verification } from "../verification.ts";
import type { ChangeState } from "./change.ts";
import { type ChangeAnswer, events, refused, wrongState } from "./change-answer.ts";
import { decideClose } from "./decide-close.ts";
import { decideBegin, recordOutcome, recordReconciliation } from "./decide-execution.ts";
import { decideVote } from "./decide-vote.ts";
import type { Resolution, Vote } from "./events.ts";
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
      if (state.status !== "awaiting_approval" && state.status !== "approved")
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
