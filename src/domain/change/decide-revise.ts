import type { Instant } from "../ids.ts";
import type { ChangeState } from "./change.ts";
import {
  type ChangeAnswer,
  type ChangeRefusal,
  events,
  refused,
  supersededBy,
  wrongState,
} from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";
import { drafted } from "./drafted.ts";

type ReviseCommand = Extract<ChangeCommand, { command: "revise" }>;

/** The next version of a draft: votes and statements are void, and everybody is asked anew. */
export function decideRevise(command: ReviseCommand, state: ChangeState, now: Instant): ChangeAnswer {
  const { proposal, decision, editor, changed, rationale } = command;
  const refusal = notEditable(command, state, now);
  if (refusal !== null) return refusal;
  const { ref } = state.proposal.plan;
  const { key, environmentId } = proposal.plan.ref;
  if (key !== ref.key || environmentId !== ref.environmentId) {
    return refused("invalid", "Another flag is another change: reject this one and ask for that.");
  }
  const { userId, name: by } = editor;
  return events(
    { type: "change_revised", at: now, proposal, by, userId, changed, rationale },
    ...drafted(decision, proposal.digest, undefined, now),
  );
}

/** Why this version cannot be edited any more, whatever is to become of it. */
export function notEditable(
  { version, digest }: Pick<ReviseCommand, "version" | "digest">,
  state: ChangeState,
  now: Instant,
): ChangeRefusal | null {
  if (state.status !== "shown" && state.status !== "awaiting_approval") return wrongState(state, "edited");
  if (version !== state.version || digest !== state.proposal.digest) return supersededBy(state, version);
  return state.expiresAt !== null && now >= state.expiresAt
    ? refused("wrong_state", "The time to decide is over; ask for a new draft.")
    : null;
}
