import type { ChangeState } from "../../domain/change/change.ts";
import type { EvidenceOf } from "../../domain/evidence/evidence.ts";
import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { Unnumbered } from "./describe-flag-change.ts";

/** An earlier incident with the changes that were drafted for it, oldest first. */
export interface PastIncident {
  incident: IncidentState;
  changes: ChangeState[];
}

/** What an earlier incident was taken for, what was done about it, and whether that helped. */
export function describePastIncident({
  incident,
  changes,
}: PastIncident): Unnumbered<EvidenceOf<"past_incident">> {
  const { id, openedAt, assessment } = incident;
  const change = telling(changes);
  const title = outsideText(incident.title, 120);
  return {
    kind: "past_incident",
    title: `Earlier incident ${id} of ${timeWords(openedAt)}: ${title}`,
    text: [
      ...(assessment === null
        ? []
        : [`Taken for: ${assessment.cause}.`, outsideText(assessment.summary, 200)]),
      ...(change === null ? ["No change was drafted."] : changeLines(change)),
    ],
    incidentId: id,
    at: openedAt,
    cause: assessment?.cause ?? null,
    change:
      change === null
        ? null
        : {
            id: change.id,
            flagKey: change.proposal.plan.ref.key,
            status: change.status,
            verdict: change.verification?.verdict ?? null,
          },
  };
}

/** The last change that was applied says most; else the last that was drafted. */
function telling(changes: readonly ChangeState[]): ChangeState | null {
  return changes.findLast(({ applied }) => applied !== null) ?? changes.at(-1) ?? null;
}

function changeLines({ id, status, proposal, applied, verification, closure, ended }: ChangeState): string[] {
  const what = outsideText(proposal.summary);
  const resolution = closure === null ? "" : ` It was closed as ${closure.resolution.replace("_", " ")}.`;
  return [
    `${id} of ${plainName(proposal.plan.ref.key)}: ${what}`,
    applied === null
      ? `It was not applied (${status.replaceAll("_", " ")}${ended === null ? "" : `: ${outsideText(ended.reason, 120)}`}).`
      : `It was applied at ${timeWords(applied.at)}; then: ${verification === null ? "not judged" : verification.verdict.replace("_", " ")}.${resolution}`,
  ];
}
