import type { ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { placeOf } from "../card/proposed-change.ts";
import { plainObject, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { dateField, personField, textField } from "./fields.ts";
import { modalMetadata } from "./modal-metadata.ts";

export const closureCallback = "closure";

const texts = {
  keep: { title: "Keep the change", submit: "Keep", says: "The flag stays as the change left it" },
  clean_up: {
    title: "Clean up",
    submit: "Clean up",
    says: "The flag is to be cleaned up by its owner, and Signalman's part ends here",
  },
} as const;

const usualReviewMs = 7 * 86_400_000;

/** Owner, note and review date of a change that ends here. `now` is epoch ms. */
export function closureModal(
  change: ChangeState,
  channel: string,
  resolution: "keep" | "clean_up",
  userId: string,
  now: number,
): ModalView {
  const { title, submit, says } = texts[resolution];
  const { temporary, reviewAfterMs, summary } = change.proposal;
  return {
    type: "modal",
    callback_id: closureCallback,
    private_metadata: modalMetadata(change, channel, resolution),
    title: plainObject(title, 24),
    submit: plainObject(submit, 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([`${says}: ${placeOf(change)}.`, mrkdwn(summary, 240)]),
      personField("owner", "Owner", userId),
      textField("note", "Note", { required: false }),
      dateField("review_at", "Review", {
        required: temporary,
        hint: temporary
          ? "The change is temporary: then its card opens again."
          : "Then its card opens again. Empty: never.",
        initialMs: temporary ? now + (reviewAfterMs ?? usualReviewMs) : null,
      }),
    ],
  };
}
