import type { KnownBlock } from "@slack/types";
import type { Assessment, Suspect } from "../../../domain/assessment.ts";
import { itemsOf, type Evidence, type EvidenceOf } from "../../../domain/evidence/evidence.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { context, section } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { distanceWords, sentence } from "../words.ts";
import { startOf } from "./headline.ts";

/** Which change is suspected, by whom, how long before, how sure, and what else was considered. */
export function suspect(view: IncidentView): KnownBlock[] {
  const { assessment } = view.incident;
  if (assessment === null) {
    return view.incident.withheld === null && view.changes.length === 0 && view.incident.kind === "alert"
      ? [section(["*Suspect:* looking at what changed before it began …"])]
      : [];
  }
  const [first, ...others] = assessment.suspects;
  const lines =
    first === undefined
      ? [`*Suspect:* no flag. ${causeWords[assessment.cause]}`]
      : [
          suspectLine(first, view),
          `*How sure:* ${first.confidence}${whyWords(first, assessment)}${cited(first)}`,
        ];
  if (assessment.summary !== "") lines.push(`*Summary:* ${sentence(mrkdwn(assessment.summary, 600))}`);
  const considered = [...others.map((other) => otherLine(other)), ...deployLines(view.evidence, view)].slice(
    0,
    4,
  );
  if (considered.length > 0) lines.push(`*Also considered:* ${considered.join(" · ")}`);
  return [section(lines, 2300), context([drafterLine(assessment), ...gapLines(view)], 700)];
}

const causeWords = {
  flag: "The evidence points to a flag.",
  deploy: "The evidence points to a deploy.",
  other: "The evidence points elsewhere.",
  recovered: "It has recovered by itself.",
  unknown: "The cause is not known.",
} as const satisfies Record<Assessment["cause"], string>;

function suspectLine(first: Suspect, view: IncidentView): string {
  const change = changeOf(first, view.evidence);
  const flag = `*Suspect:* flag ${code(first.flagKey)}`;
  if (change === null) return `${flag}.`;
  const who =
    change.ownChangeId === null ? mrkdwn(change.author.name, 80) : `Signalman (${change.ownChangeId})`;
  const distance = distanceWords(change.at, startOf(view.incident));
  return `${flag}, changed by ${who}, ${distance} it began (${change.id}).`;
}

/** The flag change a suspicion rests on: a cited one, else the last one of that flag. */
function changeOf(first: Suspect, evidence: Evidence | null): EvidenceOf<"flag_change"> | null {
  if (evidence === null) return null;
  const changes = itemsOf(evidence, "flag_change")
    .filter((item) => item.ref.key === first.flagKey)
    .toSorted((a, b) => (a.at < b.at ? 1 : -1));
  return changes.find((item) => first.citations.includes(item.id)) ?? changes[0] ?? null;
}

/** Why, unless the summary says it in the same words: the card is read at night. */
function whyWords(first: Suspect, { summary }: Assessment): string {
  return summary.includes(first.why) ? "" : `. ${sentence(mrkdwn(first.why, 400))}`;
}

function cited(one: Suspect): string {
  return one.citations.length === 0 ? "" : ` (${one.citations.slice(0, 8).join(", ")})`;
}

function otherLine(other: Suspect): string {
  return `flag ${code(other.flagKey, 60)}, ${other.confidence}${cited(other)}`;
}

function deployLines(evidence: Evidence | null, view: IncidentView): string[] {
  if (evidence === null) return [];
  return itemsOf(evidence, "deploy").map(
    (item) =>
      `deploy ${code(item.version, 60)}, ${distanceWords(item.at, startOf(view.incident))} it began (${item.id})`,
  );
}

export function drafterLine({ route }: Assessment): string {
  if (route.drafter === "model") {
    const prompt =
      route.prompt === null ? "" : `, prompt ${mrkdwn(`${route.prompt.id}@${route.prompt.version}`, 80)}`;
    return `Drafted by ${mrkdwn(route.model ?? "the model", 80)}${prompt}. Code chose what it may pick from and checked it.`;
  }
  return route.fellBack === null
    ? "Drafted by rules, without a model."
    : `Drafted by rules, because ${mrkdwn(route.fellBack, 200)}`;
}

function gapLines(view: IncidentView): string[] {
  const gaps = view.evidence?.gaps ?? view.incident.evidence?.gaps ?? [];
  return gaps.slice(0, 5).map((gap) => `Not known: ${mrkdwn(gap.source, 60)} (${mrkdwn(gap.reason, 160)})`);
}
