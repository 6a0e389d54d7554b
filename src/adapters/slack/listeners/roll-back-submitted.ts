import type { Front } from "../front.ts";
import { rollBackCallback } from "../modals/linked-change-modals.ts";
import { onSubmission } from "./on-submission.ts";

export function listenToRollBacks(front: Front): void {
  onSubmission(front, rollBackCallback, ({ metadata, userId, text }) => {
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why." } };
    return { kind: "act", act: () => front.actions.revert({ changeId: metadata.changeId, userId, reason }) };
  });
}
