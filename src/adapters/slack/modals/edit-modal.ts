import type { KnownBlock, ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { EditChoices } from "../../../pipeline/ports/person-actions.ts";
import { bullets, plainObject, section } from "../blocks.ts";
import { placeOf, proposedChange } from "../card/proposed-change.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { durationWords } from "../words.ts";
import { choiceField, textField } from "./fields.ts";
import { modalMetadata } from "./modal-metadata.ts";

export const editCallback = "edit";

const mostCandidates = 8;

/** Everything that may be chosen anew; what is left empty stays as it is. */
export function editModal(change: ChangeState, channel: string, choices: EditChoices): ModalView {
  return {
    type: "modal",
    callback_id: editCallback,
    private_metadata: modalMetadata(change, channel, "edit"),
    title: plainObject("Edit the draft", 24),
    submit: plainObject("Save as new version", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `This words the change of ${placeOf(change)} anew, compiled from the flag as it is now. What is left empty stays. Votes given so far no longer count, and you cannot be the only approver of what comes of it.`,
      ]),
      ...proposedChange(change),
      ...candidateFields(choices),
      ...operationFields(choices),
      ...metricFields(choices),
      textField("reason", "Why?", {
        required: true,
        hint: "It is kept in the ledger and said in the thread.",
      }),
    ],
  };
}

function candidateFields({ candidates }: EditChoices): KnownBlock[] {
  const offered = candidates.slice(0, mostCandidates);
  if (offered.length === 0) return [];
  return [
    ...offered.map(({ id, label, diff }) =>
      section(
        [
          `*${id}: ${mrkdwn(label, 200)}*`,
          ...bullets(
            diff.map((line) => mrkdwn(line)),
            6,
          ),
        ],
        1200,
      ),
    ),
    choiceField(
      "candidate",
      "Another candidate instead",
      offered.map(({ id, label }) => ({ value: id, words: `${id}: ${label}` })),
      { required: false },
    ),
  ];
}

function named(all: readonly { id: string; name: string }[]): { value: string; words: string }[] {
  return all.filter(({ id }) => id.length <= 75).map(({ id, name }) => ({ value: id, words: name }));
}

function operationFields({ percent, variations, segments }: EditChoices): KnownBlock[] {
  return [
    ...(variations.length === 0
      ? []
      : [choiceField("variation", "Variation", named(variations), { required: false })]),
    ...(percent
      ? [
          textField("percent", "Its share of the users, percent", {
            required: false,
            maxLength: 8,
            oneLine: true,
            hint: "0 to 100. The other variations keep their proportion to each other.",
          }),
        ]
      : []),
    ...(segments.length === 0
      ? []
      : [choiceField("segment", "Segment", named(segments), { required: false })]),
  ];
}

function metricFields({ metrics, expected }: EditChoices): KnownBlock[] {
  if (metrics.length === 0) return [];
  const now =
    expected === null
      ? "So far no metric is named."
      : `So far ${code(expected.queryId)} ${expected.direction} within ${durationWords(expected.withinMs)}.`;
  return [
    section([`*How its effect is judged.* ${now}`]),
    choiceField(
      "metric",
      "Metric that should get better",
      metrics.map(({ id, title }) => ({ value: id, words: title })),
      { required: false },
    ),
    textField("within", "Within", {
      required: false,
      maxLength: 8,
      oneLine: true,
      hint: "Such as 90s, 5m or 1h.",
    }),
  ];
}
