import type { ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { plainObject, section } from "../blocks.ts";
import { placeOf } from "../card/proposed-change.ts";
import { mrkdwn } from "../escape-text.ts";
import { modalMetadata } from "./modal-metadata.ts";

export const attestCallback = "attest";

export function attestModal(change: ChangeState, channel: string, statement: string): ModalView {
  return {
    type: "modal",
    callback_id: attestCallback,
    private_metadata: modalMetadata(change, channel, "attest"),
    title: plainObject("State it", 24),
    submit: plainObject("I state this", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `Nobody approves this change of ${placeOf(change)} before somebody has stated:`,
        `> *${mrkdwn(statement, 300)}*`,
        "It is recorded with your name and shown on the card.",
      ]),
    ],
  };
}
