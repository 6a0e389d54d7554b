import type { KnownBlock } from "@slack/types";
import { itemsOf } from "../../../domain/evidence/evidence.ts";
import { answersTo, countFeedback } from "../../../domain/incident/feedback.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { bullets, context, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { reasonsOf } from "./approval.ts";
import { focusOf, shownChange } from "./focus.ts";

/** Why no change stands on the card: none is recommended, or none may be shown here. */
export function noChange(view: IncidentView): KnownBlock[] {
  const { incident } = view;
  const blocks: KnownBlock[] = [];
  const isNewest = view.changes.every(({ proposedAt }) => proposedAt < (incident.investigatedAt ?? ""));
  if (isNewest && incident.noChange !== null) {
    const reason = incident.noChange.reason || "The evidence does not point to a flag.";
    blocks.push(section([`*No flag change recommended.* ${mrkdwn(reason, 450)}`], 1000));
  }
  const focus = focusOf(view.changes);
  const hidden =
    shownChange(view) === null && incident.noChange === null && focus !== null ? focus.decision : null;
  const held = incident.withheld ?? hidden;
  if (held !== null) {
    const lead = held.kind === "fallback" ? "*Fallback:*" : `*Mode ${held.mode}:*`;
    blocks.push(section([`${lead} evidence only, no change is offered. ${reasonsOf(held)}`], 900));
  }
  const steps = view.changes.length === 0 || shownChange(view) === null ? manualSteps(view) : [];
  if (steps.length > 0) blocks.push(section(["*By hand, says the runbook:*", ...bullets(steps, 6)], 1200));
  return [...blocks, ...answers(view)];
}

/** What people said of findings without a change. */
function answers({ incident }: IncidentView): KnownBlock[] {
  const { useful, notUseful } = countFeedback(answersTo(incident));
  if (useful + notUseful === 0) return [];
  return [context([`Was this useful? Yes: ${useful}. No: ${notUseful}.`])];
}

function manualSteps({ evidence }: IncidentView): string[] {
  if (evidence === null) return [];
  return itemsOf(evidence, "runbook").flatMap((book) => book.manualSteps.map((step) => mrkdwn(step)));
}
