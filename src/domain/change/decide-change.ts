import type { Instant } from "../ids.ts";
import type { Mode } from "../policy/mode.ts";
import type { ChangeState } from "./change.ts";
import { type ChangeAnswer, events, refused, wrongState } from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";
import { decideChase } from "./decide-chase.ts";
import { decideClose } from "./decide-close.ts";
import { decideBegin, recordOutcome, recordReconciliation } from "./decide-execution.ts";
import { decideAttest, decideBreakGlass } from "./decide-emergency.ts";
import { decideVote } from "./decide-vote.ts";
import { decideRevise } from "./decide-revise.ts";
import { drafted } from "./drafted.ts";

/** Pure: state and command in, events or a refusal out. The table of docs/architecture.md, line by line. */
export function decideChange(command: ChangeCommand, state: ChangeState | null, now: Instant): ChangeAnswer {
  if (command.command === "propose") {
    if (state !== null) return refused("exists", "The change exists already.");
    const { incidentId, correlationId, proposal, decision, standing } = command;
    return events(
      { type: "change_proposed", at: now, incidentId, correlationId, proposal },
      ...drafted(decision, proposal.digest, standing, now),
    );
  }
  if (state === null) return refused("unknown", "There is no such change.");

  switch (command.command) {
    case "revise":
      return decideRevise(command, state, now);
    case "vote":
      return decideVote(command, state, now);
    case "break_glass":
      return decideBreakGlass(command, state, now);
    case "attest":
      return decideAttest(command, state, now);
    case "chase":
      return decideChase(state, now);
    case "expire":
      if (state.status !== "awaiting_approval" && state.status !== "approved")
        return wrongState(state, "expired");
      if (state.expiresAt === null || now < state.expiresAt) {
        return refused("too_early", `It expires at ${state.expiresAt ?? "no time"}.`);
      }
      return events({ type: "change_expired", at: now, ...fallbackOf(state) });
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

/** What the contract lets stand of a draft that nobody decided on; of one that was approved, nothing. */
function fallbackOf({ status, decision }: ChangeState): { fallback?: Mode } {
  if (status !== "awaiting_approval" || decision === null || !("requirement" in decision)) return {};
  return { fallback: decision.requirement.timeoutFallback };
}
