import type { KnownBlock } from "@slack/types";
import { type ChangeState, isOpen } from "../../../domain/change/change.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { context, section } from "../blocks.ts";
import { code, link, mrkdwn } from "../escape-text.ts";
import { statusWords } from "./outcome.ts";

/** The change of another incident that this one links to. */
export function linkedChange({ linked }: IncidentView, cardUrl: string | null): KnownBlock[] {
  if (linked === null) return [];
  const flag = code(linked.proposal.plan.ref.key);
  const where = cardUrl === null ? `incident ${linked.incidentId}` : link(cardUrl, "its card");
  const status = `${linked.id}, ${mrkdwn(statusWords(linked), 120)}`;
  const lead = isOpen(linked.status)
    ? `*Flag ${flag} has an open change already:* ${status}. Decide on ${where}.`
    : `*Flag ${flag} was changed for another incident:* ${status}. See ${where}.`;
  return [section([lead])];
}

/** The incident's other changes, one line each. */
export function otherChanges(view: IncidentView, shown: ChangeState | null): KnownBlock[] {
  const others = view.changes.filter((change) => change.id !== shown?.id);
  if (others.length === 0) return [];
  const lines = others.slice(-5).map((change) => {
    return `${change.id}: ${mrkdwn(change.proposal.summary, 140)}: ${mrkdwn(statusWords(change), 120)}.`;
  });
  return [context(["Other changes of this incident:", ...lines], 900)];
}
