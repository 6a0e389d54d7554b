import type { ModalView } from "@slack/types";
import { z } from "zod";
import type { Desk, OperationChoice } from "../../../pipeline/ports/person-actions.ts";
import { plainObject, section } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { FlagPlace } from "../flag-place.ts";
import { choiceField, lineField, textField } from "./fields.ts";

export const proposeFlagCallback = "propose_flag";
export const proposeCallback = "propose";

export const ProposeFlagMetadata = z.strictObject({ channel: z.string() });
export const ProposeMetadata = z.strictObject({ channel: z.string(), ...FlagPlace.shape });
export type ProposeMetadata = z.infer<typeof ProposeMetadata>;

const gate = "Others decide on it, on a card of its own: nothing is written yet.";
const mostChoices = 100;

/** First: which flag, and where. */
export function proposeFlagModal(
  environments: ReturnType<Desk["environments"]>,
  channel: string,
  flagKey: string,
): ModalView {
  const places = environments.slice(0, mostChoices).map(({ service, name, project, environment }, index) => ({
    value: String(index),
    words: `${service} / ${name} (${project} / ${environment})`,
  }));
  return {
    type: "modal",
    callback_id: proposeFlagCallback,
    private_metadata: JSON.stringify({ channel }),
    title: plainObject("Propose a change", 24),
    submit: plainObject("Next", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([`You ask for a change of one flag. ${gate}`]),
      choiceField("environment", "Where?", places),
      lineField("flag", "Key of the flag", { required: true, initial: flagKey }),
    ],
  };
}

/** Then: what, as the flag is now, and why. */
export function proposeModal(
  place: FlagPlace,
  channel: string,
  choices: readonly OperationChoice[],
): ModalView {
  const offered = choices.filter(({ id }) => id.length <= 150).slice(0, mostChoices);
  const needing = (what: OperationChoice["needs"]) => offered.some(({ needs }) => needs === what);
  const metadata: ProposeMetadata = { channel, ...place };
  return {
    type: "modal",
    callback_id: proposeCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject("Propose a change", 24),
    submit: plainObject("Propose", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `Flag ${code(place.flagKey)} in *${mrkdwn(place.environment, 60)}* (${code(place.project)}). ${gate}`,
      ]),
      choiceField(
        "operation",
        "What?",
        offered.map(({ id, label }) => ({ value: id, words: label })),
      ),
      ...(needing("percent")
        ? [lineField("percent", "Share", { required: false, hint: "Percent, 0 to 100; for a share only." })]
        : []),
      ...(needing("users")
        ? [textField("users", "Users", { required: false, hint: "Keys, one a line; for single users only." })]
        : []),
      textField("reason", "Why?", { required: true, hint: "It is kept in the ledger, with your name." }),
    ],
  };
}
