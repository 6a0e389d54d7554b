import type { ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { emergencyWords } from "../../../domain/change/decide-emergency.ts";
import { plainObject, section } from "../blocks.ts";
import { placeOf, proposedChange } from "../card/proposed-change.ts";
import { code } from "../escape-text.ts";
import { textField } from "./fields.ts";
import { modalMetadata } from "./modal-metadata.ts";

export const emergencyCallback = "break_glass";

/** Asks for words that nobody types by mistake, beside exactly what would change. */
export function emergencyModal(change: ChangeState, channel: string): ModalView {
  const words = emergencyWords(change);
  return {
    type: "modal",
    callback_id: emergencyCallback,
    private_metadata: modalMetadata(change, channel, "break_glass"),
    title: plainObject("Emergency", 24),
    submit: plainObject("Approve alone", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `*You alone approve a change of ${placeOf(change)}, in the place of everybody whose approval it needs.* It is carried out at once. Everybody is told, with your name and your reason, and it stays in the ledger.`,
      ]),
      ...proposedChange(change),
      textField("words", `To confirm, type: ${words}`, {
        required: true,
        maxLength: 300,
        oneLine: true,
      }),
      textField("reason", "Why can it not wait?", {
        required: true,
        hint: "It is kept in the ledger and said in the thread.",
      }),
      section([`The words are ${code(words)}.`]),
    ],
  };
}
