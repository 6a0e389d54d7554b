import { createHash } from "node:crypto";
import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { context } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { utc } from "../words.ts";
import { approval } from "./approval.ts";
import { buttons } from "./buttons.ts";
import { closure } from "./closure.ts";
import { shownChange } from "./focus.ts";
import { headline, startOf, titleOf, whereWords } from "./headline.ts";
import { noChange } from "./no-change.ts";
import { outcome, statusWords } from "./outcome.ts";
import { proposedChange } from "./proposed-change.ts";
import { linkedChange, otherChanges } from "./related.ts";
import { storm } from "./storm.ts";
import { suspect } from "./suspect.ts";
import { verification } from "./verification.ts";

export interface RenderedMessage {
  /** What a notification and a screen reader say; never empty. */
  text: string;
  blocks: KnownBlock[];
}

/** What a card needs beside the incident, asked for by the announcer. */
export interface CardFacts {
  /** Whether the applied change could be widened. */
  expandable: boolean;
  linkedCardUrl: string | null;
  /** The flag in the platform's own console. */
  flagUrl: string | null;
  /** Why the card stands in this channel, where it is not the one it belongs to. */
  misplaced: string | null;
}

/** The card of one incident: pure, and equal for equal input. At most 13,000 characters and 20 blocks. */
export function renderCard(view: IncidentView, facts: CardFacts): RenderedMessage {
  const change = shownChange(view);
  const blocks: KnownBlock[] = [
    ...headline(view),
    ...storm(view),
    ...suspect(view),
    ...linkedChange(view, facts.linkedCardUrl),
    ...noChange(view),
    ...(change === null ? [] : ofChange(view, change, facts)),
    ...buttons(view, change, facts.expandable),
    context([footer(view, change), ...(facts.misplaced === null ? [] : [mrkdwn(facts.misplaced, 200)])], 400),
  ];
  return { text: fallback(view, change), blocks: withBlockIds(blocks, change) };
}

function ofChange(view: IncidentView, change: ChangeState, facts: CardFacts): KnownBlock[] {
  return [
    ...proposedChange(change),
    ...approval(change, facts.flagUrl),
    ...outcome(change),
    ...verification(change),
    ...closure(change),
    ...otherChanges(view, change),
  ];
}

function footer({ incident }: IncidentView, change: ChangeState | null): string {
  if (change === null) return incident.id;
  return `${incident.id} · ${change.id} · version ${change.version} · digest ${change.proposal.digest.slice(7, 19)}`;
}

function fallback(view: IncidentView, change: ChangeState | null): string {
  const { incident } = view;
  const state =
    change !== null
      ? `${change.proposal.summary}: ${statusWords(change)}.`
      : incident.noChange === null
        ? ""
        : "No flag change recommended.";
  const lead = `${titleOf(incident)} (${whereWords(incident)}, since ${utc(startOf(incident))}).`;
  return `${mrkdwn(lead, 420)} ${mrkdwn(state, 400)}`.trim();
}

/** A block keeps its id exactly as long as it keeps its version and its words. */
function withBlockIds(blocks: KnownBlock[], change: ChangeState | null): KnownBlock[] {
  const version = change === null ? "" : `${change.id}.${change.version}.`;
  return blocks.map((block, index) => {
    const words = createHash("sha256").update(JSON.stringify(block)).digest("hex").slice(0, 10);
    return { ...block, block_id: `${version}${index}.${words}` };
  });
}
