import type { KnownBlock, ModalView } from "@slack/types";
import { z } from "zod";
import { Severity } from "../../../domain/alert.ts";
import { Confidence } from "../../../domain/assessment.ts";
import type { ChangeState } from "../../../domain/change/change.ts";
import { ChangeId, StandingId } from "../../../domain/ids.ts";
import type { StandingState } from "../../../domain/standing/standing.ts";
import type { Desk } from "../../../pipeline/ports/person-actions.ts";
import { plainObject, section } from "../blocks.ts";
import { placeOf } from "../card/proposed-change.ts";
import { mrkdwn } from "../escape-text.ts";
import { sentence } from "../words.ts";
import { choiceField, textField } from "./fields.ts";

export const standingCallback = "standing";
export const revokeCallback = "standing_revoke";

export const StandingMetadata = z.strictObject({ channel: z.string(), changeId: ChangeId.nullable() });
export type StandingMetadata = z.infer<typeof StandingMetadata>;

export const RevokeMetadata = z.strictObject({ channel: z.string(), standingId: StandingId });

export const anything = "any";

/** What may be allowed without a change that shows it: operations without arguments. */
export const plainTools = [
  { value: "flag.turn_off", words: "Turn it off" },
  { value: "flag.turn_on", words: "Turn it on" },
] as const;

export const standingHours = ["1", "2", "4", "8", "12", "24"] as const;
export const standingUses = ["1", "2", "3", "5", "10", "20"] as const;

/** Slack takes a hundred options. */
const mostPlaces = 100;

/** `service/environment name`, as a choice carries it. */
export function placeText({ service, name }: Pick<Place, "service" | "name">): string {
  return `${service}/${name}`;
}

export type Place = ReturnType<Desk["environments"]>[number];

/** `change` null: the flag is chosen in the form. */
export function standingModal(
  metadata: StandingMetadata,
  change: ChangeState | null,
  places: readonly Place[],
): ModalView {
  return {
    type: "modal",
    callback_id: standingCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject("Allow for a while", 24),
    submit: plainObject("Ask for it", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        change === null
          ? "This change will be carried out without a click while the standing approval counts."
          : `This is carried out without a click while the standing approval counts: ${sentence(mrkdwn(change.proposal.summary, 240))} It is ${placeOf(change)}, for incidents of its service.`,
        "Somebody else must agree first. Each use is announced, with its reverse ready.",
      ]),
      ...(change === null ? flagFields(places) : []),
      choiceField("severity", "From which severity of the incident?", withAny(Severity.options), {
        required: true,
        initial: "error",
      }),
      choiceField("confidence", "From which confidence of the draft?", withAny(Confidence.options), {
        required: true,
        initial: "high",
      }),
      choiceField("uses", "How many times at most?", same(standingUses), { required: true, initial: "1" }),
      choiceField(
        "hours",
        "For how many hours?",
        standingHours.map((value) => ({ value, words: `${value} h` })),
        { required: true, initial: "1" },
      ),
      textField("reason", "Why?", {
        required: true,
        maxLength: 500,
        hint: "It is kept in the ledger and said to operators.",
      }),
    ],
  };
}

export function revokeModal({ id, summary }: StandingState, channel: string): ModalView {
  return {
    type: "modal",
    callback_id: revokeCallback,
    private_metadata: JSON.stringify({ channel, standingId: id }),
    title: plainObject("Revoke", 24),
    submit: plainObject("Revoke it", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `${id}: ${sentence(mrkdwn(summary, 400))}`,
        "What it has approved and is not carried out yet takes a click again.",
      ]),
      textField("reason", "Why?", { required: true, maxLength: 500 }),
    ],
  };
}

function flagFields(places: readonly Place[]): KnownBlock[] {
  return [
    choiceField("place", "Of which service, and where?", same(places.slice(0, mostPlaces).map(placeText))),
    textField("flag", "Which flag?", {
      required: true,
      maxLength: 200,
      hint: "Its key, such as checkout_one_click.",
    }),
    choiceField("tool", "What may be done?", plainTools),
  ];
}

function withAny(values: readonly string[]): { value: string; words: string }[] {
  return [...same(values), { value: anything, words: "any" }];
}

function same(values: readonly string[]): { value: string; words: string }[] {
  return values.map((value) => ({ value, words: value }));
}
