import type { KnownBlock } from "@slack/types";
import type { Assessment, Suspect } from "../../../domain/assessment.ts";
import { itemsOf, type Evidence, type EvidenceOf } from "../../../domain/evidence/evidence.ts";
import { isInvestigated } from "../../../domain/incident/incident.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { context, section } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { distanceWords, sentence, when } from "../words.ts";
import { drafterLine } from "./drafter.ts";
import { startOf } from "./headline.ts";

/** Which change is suspected, by whom, how long before, how sure, what else was considered, and what was before. */
export function suspect(view: IncidentView): KnownBlock[] {
  const { incident } = view;
  const { assessment } = incident;
  if (assessment === null) {
    const isToBe = incident.kind === "alert" || incident.report !== undefined;
    const looking = !isInvestigated(incident) && incident.status === "open" && isToBe;
    return looking ? [section(["*Suspect:* looking at what changed before it began …"])] : [];
  }
  const [first, ...others] = assessment.suspects;
  const lines =
    first === undefined
      ? [`*Suspect:* no flag. ${causeWords[assessment.cause]}`, sureLine(assessment.confidence, assessment)]
      : [
          suspectLine(first, view),
          sureLine(`${first.confidence}${cited(first)}`, assessment, whyWords(first, assessment)),
        ];
  if (assessment.summary !== "") lines.push(`*Summary:* ${sentence(mrkdwn(assessment.summary, 600))}`);
  const ranked = others.slice(0, 4).map((other, index) => otherLine(other, index + 2));
  const considered = [...ranked, ...outsideLines(view)].slice(0, 6);
  if (considered.length > 0) lines.push(`*Also considered:* ${considered.join(" · ")}`);
  lines.push(...pastLines(view.evidence));
  return [section(lines, 2300), context([drafterLine(assessment), ...gapLines(view)], 1000)];
}

const causeWords = {
  flag: "The evidence points to a flag.",
  deploy: "The evidence points to a deploy.",
  other: "The evidence points elsewhere.",
  recovered: "It has recovered by itself.",
  unknown: "The cause is not known.",
} as const satisfies Record<Assessment["cause"], string>;

function sureLine(confidence: string, { cappedBecause }: Assessment, why = "."): string {
  const caps = cappedBecause.slice(0, 3).map((reason) => mrkdwn(reason, 120));
  const capped = caps.length === 0 ? "" : ` Not surer, because ${caps.join("; ")}.`;
  return `*How sure:* ${confidence}${why}${capped}`;
}

function suspectLine(first: Suspect, view: IncidentView): string {
  const change = changeOf(first, view.evidence);
  const flag = `*Suspect:* flag ${code(first.flagKey)}`;
  if (change === null) return `${flag}.`;
  const who =
    change.ownChangeId === null ? mrkdwn(change.author.name, 80) : `Signalman (${change.ownChangeId})`;
  return `${flag}, changed by ${who}, ${distanceFrom(change.at, view.incident)} (${change.id}).`;
}

/** From the time behind *Since:*; what the telemetry shows may have begun earlier, and the summary counts from there. */
function distanceFrom(at: string, incident: IncidentView["incident"]): string {
  return `${distanceWords(at, startOf(incident))} the ${incident.kind === "alert" ? "alert" : "message"}`;
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
  return summary.includes(first.why) ? "." : `. ${sentence(mrkdwn(first.why, 400))}`;
}

function cited({ citations }: Suspect): string {
  return citations.length === 0 ? "" : ` (${citations.slice(0, 8).join(", ")})`;
}

function otherLine(other: Suspect, rank: number): string {
  return `${rank}. flag ${code(other.flagKey, 60)}, ${other.confidence}${cited(other)}`;
}

/** Deploys and whatever else was changed outside of flags. */
function outsideLines({ evidence, incident }: IncidentView): string[] {
  if (evidence === null) return [];
  return [...itemsOf(evidence, "deploy"), ...itemsOf(evidence, "change")].map((item) => {
    const what = item.kind === "deploy" ? "deploy" : changeWords[item.what];
    const failed = item.state === "failed" || item.state === "rolled_back";
    const state = failed ? ` (${item.state.replace("_", " ")})` : "";
    const author = item.author === "" ? "" : ` by ${mrkdwn(item.author, 60)}`;
    return `${what} ${code(item.version, 60)}${state}${author}, ${distanceFrom(item.at, incident)} (${item.id})`;
  });
}

const changeWords = {
  config: "change of configuration",
  infrastructure: "change of infrastructure",
  data: "change of data",
  other: "other change",
} as const satisfies Record<EvidenceOf<"change">["what"], string>;

/** Earlier incidents of the service, and what was done about them. */
function pastLines(evidence: Evidence | null): string[] {
  if (evidence === null) return [];
  const past = itemsOf(evidence, "past_incident").map(({ id, incidentId, cause, change }) => {
    const verdict = change?.verdict == null ? "" : `, ${change.verdict.replace("_", " ")}`;
    const done =
      change === null
        ? "no change"
        : `flag ${code(change.flagKey, 60)} ${mrkdwn(change.status.replace("_", " "), 30)}${verdict}`;
    return `${incidentId}${cause === null ? "" : `, cause ${cause}`}: ${done} (${id})`;
  });
  return past.length === 0 ? [] : [`*Seen before:* ${past.slice(0, 3).join(" · ")}`];
}

/** What a source did not tell, and what the assessment says beyond that could not be looked at. */
function gapLines({ evidence, evidenceRemovedAt, incident }: IncidentView): string[] {
  const removed =
    evidenceRemovedAt === null
      ? []
      : [`The evidence was removed by retention on ${when(evidenceRemovedAt)}; the ledger keeps its hash.`];
  const gaps = evidence?.gaps ?? incident.evidence?.gaps ?? [];
  const told = gaps.map((gap) => `Not known: ${mrkdwn(gap.source, 60)} (${mrkdwn(gap.reason, 160)})`);
  const sources = gaps.map(({ source }) => source);
  const more = (incident.assessment?.gaps ?? [])
    .filter((line) => !sources.some((source) => line.startsWith(`${source}:`)))
    .map((line) => `Not known: ${mrkdwn(line, 200)}`);
  return [...removed, ...told, ...more].slice(0, 5);
}
