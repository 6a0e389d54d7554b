import type { Front } from "../front.ts";
import { voteCallback } from "../modals/vote-modal.ts";
import { onSubmission } from "./on-submission.ts";

export function listenToVotes(front: Front): void {
  onSubmission(front, voteCallback, ({ metadata, userId, text }) => {
    const { changeId, version, digest, choice } = metadata;
    if (choice !== "approve" && choice !== "reject")
      throw new Error(`a vote form carries the choice ${choice}`);
    const rationale = text("rationale");
    if (choice === "reject" && rationale === "") {
      return { kind: "errors", errors: { rationale: "Say why: whoever drafts it again will need it." } };
    }
    const vote = { changeId, version, digest, vote: choice, rationale, userId };
    return { kind: "act", act: () => front.actions.vote(vote) };
  });
}
