import type { Front } from "../front.ts";
import { expandCallback } from "../modals/linked-change-modals.ts";
import { onSubmission } from "./on-submission.ts";

export function listenToExpansions(front: Front): void {
  onSubmission(front, expandCallback, ({ metadata, userId, text, choice }) => {
    const expansionId = choice("expansion");
    const reason = text("reason");
    if (expansionId === null) return { kind: "errors", errors: { expansion: "Choose a step." } };
    if (reason === "") return { kind: "errors", errors: { reason: "Say why." } };
    const { changeId } = metadata;
    return { kind: "act", act: () => front.actions.expand({ changeId, userId, expansionId, reason }) };
  });
}
