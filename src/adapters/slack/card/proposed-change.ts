import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { bullets, section } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { durationWords, sentence, when } from "../words.ts";

/** The change in words, who is affected, and the reverse in words: all of it made by code from the plan. */
export function proposedChange(change: ChangeState): KnownBlock[] {
  return [
    section(
      [
        headingOf(change),
        ...editLines(change),
        ...bullets(
          change.proposal.plan.diff.map((line) => mrkdwn(line)),
          10,
        ),
      ],
      2200,
    ),
    section(
      [
        "*Who is affected*",
        ...bullets(
          change.proposal.plan.exposure.words.map((line) => mrkdwn(line)),
          5,
        ),
      ],
      1100,
    ),
    section(
      [
        "*How it is undone*",
        ...bullets(
          change.proposal.plan.reverseDiff.map((line) => mrkdwn(line)),
          6,
        ),
      ],
      1300,
    ),
  ];
}

export function placeOf(change: ChangeState): string {
  const { ref } = change.proposal.plan;
  return `flag ${code(ref.key)} in *${mrkdwn(ref.environment, 60)}* (${code(ref.project)})`;
}

function editLines({ edits, version }: ChangeState): string[] {
  const last = edits.at(-1);
  if (last === undefined) return [];
  const what = last.changed.map((line) => mrkdwn(line, 300)).join("; ");
  return [`*Version ${version}, edited by ${mrkdwn(last.name, 80)}* ${when(last.at)}: ${sentence(what)}`];
}

function headingOf(change: ChangeState): string {
  const { lineage, summary, expected } = change.proposal;
  const kind =
    lineage === null
      ? "Proposed change"
      : {
          reverses: "Undoing",
          expands: "Widening",
          restores_overwritten: "Restoring what was overwritten by",
        }[lineage.kind];
  const of = lineage === null ? "" : ` ${lineage.changeId}`;
  const version = change.version > 1 ? `, version ${change.version}` : "";
  const effect =
    expected === null
      ? ""
      : ` It should bring ${code(expected.queryId)} ${expected.direction} within ${durationWords(expected.withinMs)}.`;
  return `*${kind}${of}* (${change.id}${version}): ${sentence(mrkdwn(summary, 240))} This is ${placeOf(change)}.${effect}`;
}
