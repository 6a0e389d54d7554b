import type { ModalView } from "@slack/types";
import { z } from "zod";
import { plainObject, section } from "../blocks.ts";
import { code } from "../escape-text.ts";
import { choiceField, textField } from "./fields.ts";

export const muteCallback = "mute";

export const MuteMetadata = z.strictObject({ service: z.string(), channel: z.string() });
export type MuteMetadata = z.infer<typeof MuteMetadata>;

/** What the form offers; any other time takes `/ops mute`. */
export const muteChoices = [
  { value: "15m", words: "15 minutes" },
  { value: "1h", words: "1 hour" },
  { value: "4h", words: "4 hours" },
  { value: "12h", words: "12 hours" },
  { value: "24h", words: "24 hours" },
] as const;

export function muteModal(metadata: MuteMetadata): ModalView {
  return {
    type: "modal",
    callback_id: muteCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject("Mute the service", 24),
    submit: plainObject("Mute", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `New incidents of ${code(metadata.service)} will be recorded, and shown and investigated only after the mute. This card stays as it is.`,
      ]),
      choiceField("duration", "For how long?", muteChoices),
      textField("reason", "Why?", {
        required: true,
        maxLength: 500,
        hint: "It is kept in the ledger and said in the channel.",
      }),
    ],
  };
}
