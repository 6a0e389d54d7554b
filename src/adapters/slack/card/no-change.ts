import type { KnownBlock } from "@slack/types";
import { itemsOf } from "../../../domain/evidence/evidence.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { bullets, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { reasonsOf } from "./approval.ts";
import { focusOf, shownChange } from "./focus.ts";

/** Why no change stands on the card: none is recommended, or none may be shown here. */
export function noChange(view: IncidentView): KnownBlock[] {
  const { incident } = view;
  const blocks: KnownBlock[] = [];
  if (view.changes.length === 0 && incident.noChange !== null) {
    const reason = incident.noChange.reason || "The evidence does not point to a flag.";
    blocks.push(section([`*No flag change recommended.* ${mrkdwn(reason, 900)}`], 1000));
  }
  const hidden = shownChange(view) === null ? (focusOf(view.changes)?.decision ?? null) : null;
  const held = incident.withheld ?? hidden;
  if (held !== null) {
    const lead = held.kind === "fallback" ? "*Fallback:*" : `*Mode ${held.mode}:*`;
    blocks.push(section([`${lead} evidence only, no change is offered. ${reasonsOf(held)}`], 900));
  }
  const steps = view.changes.length === 0 || shownChange(view) === null ? manualSteps(view) : [];
  if (steps.length > 0) blocks.push(section(["*By hand, says the runbook:*", ...bullets(steps, 6)], 1200));
  return blocks;
}

function manualSteps({ evidence }: IncidentView): string[] {
  if (evidence === null) return [];
  return itemsOf(evidence, "runbook").flatMap((book) => book.manualSteps.map((step) => mrkdwn(step)));
}
