import type { Instant } from "../ids.ts";
import type { ChangeState, ChangeStatus } from "./change.ts";
import { type ChangeAnswer, events, refused, wrongState } from "./change-answer.ts";
import type { ChangeCommand } from "./change-command.ts";

const ends: readonly ChangeStatus[] = [
  "denied",
  "shown",
  "rejected",
  "expired",
  "superseded",
  "failed",
  "closed",
];

type CloseCommand = Extract<ChangeCommand, { command: "close" }>;

/** Brings a change to its end, once; its review, or the change that undid it, may speak again. */
export function decideClose(command: CloseCommand, state: ChangeState, now: Instant): ChangeAnswer {
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
