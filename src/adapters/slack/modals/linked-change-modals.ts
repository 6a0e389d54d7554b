import type { ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { Expansion } from "../../../pipeline/ports/person-actions.ts";
import { placeOf } from "../card/proposed-change.ts";
import { bullets, plainObject, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { choiceField, textField } from "./fields.ts";
import { modalMetadata } from "./modal-metadata.ts";

export const rollBackCallback = "roll_back";
export const expandCallback = "expand";

const gate = "It becomes a change of its own, with its own approval: nothing is written yet.";

export function rollBackModal(change: ChangeState, channel: string): ModalView {
  const { reverseDiff } = change.proposal.plan;
  return {
    type: "modal",
    callback_id: rollBackCallback,
    private_metadata: modalMetadata(change, channel, "roll_back"),
    title: plainObject("Roll back", 24),
    submit: plainObject("Draft the reverse", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `This undoes ${change.id} on ${placeOf(change)}:`,
        ...bullets(reverseDiff.map((line) => mrkdwn(line))),
      ]),
      section([gate]),
      textField("reason", "Why?", { required: true }),
    ],
  };
}

/** At most ten steps, each with its diff, so that the choice is made on what would happen. */
export function expandModal(
  change: ChangeState,
  channel: string,
  expansions: readonly Expansion[],
): ModalView {
  const offered = expansions.filter(({ id }) => id.length <= 75).slice(0, 10);
  return {
    type: "modal",
    callback_id: expandCallback,
    private_metadata: modalMetadata(change, channel, "expand"),
    title: plainObject("Expand", 24),
    submit: plainObject("Draft the change", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([`This widens ${change.id} on ${placeOf(change)}. ${gate}`]),
      ...offered.map(({ label, diff }) =>
        section(
          [
            `*${mrkdwn(label, 120)}*`,
            ...bullets(
              diff.map((line) => mrkdwn(line)),
              6,
            ),
          ],
          1200,
        ),
      ),
      choiceField(
        "expansion",
        "Which step?",
        offered.map(({ id, label }) => ({ value: id, words: label })),
      ),
      textField("reason", "Why?", { required: true }),
    ],
  };
}
