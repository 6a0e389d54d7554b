import { toInstant } from "../../../domain/ids.ts";
import type { Front } from "../front.ts";
import { closureCallback } from "../modals/closure-modal.ts";
import { onSubmission } from "./on-submission.ts";

export function listenToClosures(front: Front): void {
  onSubmission(front, closureCallback, ({ metadata, userId, text, person, dateMs }) => {
    const { changeId, choice } = metadata;
    if (choice !== "keep" && choice !== "clean_up")
      throw new Error(`a closing form carries the choice ${choice}`);
    const reviewMs = dateMs("review_at");
    if (reviewMs !== null && reviewMs <= front.now()) {
      return { kind: "errors", errors: { review_at: "The review date must lie ahead." } };
    }
    const ownerId = person("owner") ?? userId;
    return {
      kind: "act",
      act: async () =>
        front.actions.close({
          changeId,
          userId,
          resolution: choice,
          owner: await front.identity.personName(ownerId),
          note: text("note"),
          reviewAt: reviewMs === null ? null : toInstant(reviewMs),
        }),
    };
  });
}
