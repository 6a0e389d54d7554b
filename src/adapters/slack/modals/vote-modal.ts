import type { KnownBlock, ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { placeOf, proposedChange } from "../card/proposed-change.ts";
import { plainObject, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { textField } from "./fields.ts";
import { modalMetadata } from "./modal-metadata.ts";

export const voteCallback = "vote";

/** Asks for the rationale beside exactly what would change, so that nobody approves what they have not read. */
export function voteModal(change: ChangeState, channel: string, vote: "approve" | "reject"): ModalView {
  const approving = vote === "approve";
  const words = approving ? "Approve" : "Reject";
  return {
    type: "modal",
    callback_id: voteCallback,
    private_metadata: modalMetadata(change, channel, vote),
    title: plainObject(`${words} the change`, 24),
    submit: plainObject(words, 24),
    close: plainObject("Cancel", 24),
    blocks: [
      ...(approving ? warning(change) : [section([`Rejecting leaves ${placeOf(change)} as it is.`])]),
      ...proposedChange(change),
      textField("rationale", approving ? "Why is this right?" : "Why not?", {
        required: !approving,
        hint: "It is kept in the ledger and shown in the thread.",
      }),
    ],
  };
}

function warning(change: ChangeState): KnownBlock[] {
  const { plan, action } = change.proposal;
  const lines = [`You approve a change of ${placeOf(change)}. Once approved it is carried out at once.`];
  if (isProduction(plan.ref.environment)) {
    lines.push(
      `*This is ${mrkdwn(plan.ref.environment, 60)}: real users are affected*, up to ${plan.exposure.maxMovedPercent}% of those a rule matches.`,
    );
  }
  if (action.reversibility !== "automatic") {
    lines.push(`*Undoing it is ${reversalWords[action.reversibility]}.*`);
  }
  return [section(lines, 900)];
}

function isProduction(environment: string): boolean {
  return /^(prod|live)/i.test(environment);
}

const reversalWords = {
  manual: "manual work",
  expensive: "expensive",
  none: "not possible",
} as const;
