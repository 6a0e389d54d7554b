import { createHash } from "node:crypto";
import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { Lowering } from "../../../domain/policy/controls.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { context } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { utc } from "../words.ts";
import { approval } from "./approval.ts";
import { buttons, type Offered } from "./buttons.ts";
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
export interface CardFacts extends Offered {
  linkedCardUrl: string | null;
  /** The flag in the platform's own console. */
  flagUrl: string | null;
  /** The incident's page of the console; null where people reach none. */
  consoleUrl: string | null;
  /** Why the card stands in this channel, where it is not the one it belongs to. */
  misplaced: string | null;
}

/**
 * The card of one incident: pure, and equal for equal input. At most 13,000 characters and 25 blocks: the incident's
 * other changes make room.
 */
export function renderCard(view: IncidentView, facts: CardFacts): RenderedMessage {
  const change = shownChange(view);
  const most: KnownBlock[] = [
    ...headline(view),
    ...storm(view),
    ...suspect(view),
    ...linkedChange(view, facts.linkedCardUrl),
    ...noChange(view),
    ...(change === null ? [] : ofChange(change, facts, view.lowered)),
  ];
  const blocks: KnownBlock[] = [
    ...withRoom(most, otherChanges(view, change)),
    ...buttons(view, change, facts),
    context(
      [
        footer(view, change, facts.consoleUrl),
        ...(facts.misplaced === null ? [] : [mrkdwn(facts.misplaced, 200)]),
      ],
      500,
    ),
  ];
  return { text: fallback(view, change), blocks: withBlockIds(blocks, change) };
}

function ofChange(change: ChangeState, facts: CardFacts, lowered: readonly Lowering[]): KnownBlock[] {
  return [
    ...proposedChange(change),
    ...approval(change, facts.flagUrl, lowered),
    ...outcome(change, facts.flagUrl),
    ...verification(change),
    ...closure(change),
  ];
}

/** Slack refuses a message of some 13,200 characters, though each block is legal (contract §1). */
const mostChars = 13_000;
/** For buttons and footer. */
const keptChars = 700;

function withRoom(blocks: KnownBlock[], more: KnownBlock[]): KnownBlock[] {
  return lengthOf([...blocks, ...more]) <= mostChars - keptChars ? [...blocks, ...more] : blocks;
}

function lengthOf(blocks: KnownBlock[]): number {
  return blocks.reduce((sum, block) => {
    if (block.type === "context") {
      return block.elements.reduce((all, part) => all + ("text" in part ? part.text.length : 0), sum);
    }
    const text = block.type === "section" || block.type === "header" ? block.text : undefined;
    return sum + (text?.text.length ?? 0);
  }, 0);
}

function footer({ incident }: IncidentView, change: ChangeState | null, consoleUrl: string | null): string {
  const ids =
    change === null
      ? incident.id
      : `${incident.id} · ${change.id} · version ${change.version} · digest ${change.proposal.digest.slice(7, 19)}`;
  return consoleUrl === null ? ids : `${ids} · <${consoleUrl}|Open in console>`;
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
