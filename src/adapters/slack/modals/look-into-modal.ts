import type { ModalView } from "@slack/types";
import { z } from "zod";
import { outsideText } from "../../../domain/evidence/outside-text.ts";
import { plainObject, section } from "../blocks.ts";
import { choiceField, textField } from "./fields.ts";

export const lookIntoCallback = "look_into";

/** The message that was chosen; its words stand in the form, where they can be read and cut. */
export const LookIntoMetadata = z.strictObject({ channel: z.string(), ts: z.string() });
export type LookIntoMetadata = z.infer<typeof LookIntoMetadata>;

const mostChoices = 100;
const mostText = 1000;

export function lookIntoModal(
  metadata: LookIntoMetadata,
  text: string,
  places: readonly { value: string; words: string }[],
  named: string | null,
): ModalView {
  const initial = outsideText(text, mostText);
  return {
    type: "modal",
    callback_id: lookIntoCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject("Look into this", 24),
    submit: plainObject("Look into it", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        "Signalman looks at what changed there around the time of the message, and shows what it finds on a card in the service's channel. Nothing is changed without approval.",
      ]),
      choiceField("place", "Where is the trouble?", places.slice(0, mostChoices), {
        required: true,
        ...(named !== null && { initial: named }),
      }),
      textField("text", "What is it?", {
        required: true,
        maxLength: mostText,
        hint: "The message's words, to be read as words only. They stand on the card and in the ledger.",
        initial,
      }),
    ],
  };
}
