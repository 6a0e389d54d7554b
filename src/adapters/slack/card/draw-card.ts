import type { ChangeState } from "../../../domain/change/change.ts";
import type { FlagRef } from "../../../domain/flag/flag.ts";
import type { Tool } from "../../../domain/flag/operation.ts";
import type { ChangeId, IncidentId } from "../../../domain/ids.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import type { Expansion } from "../../../pipeline/ports/person-actions.ts";
import { renderedHash } from "../rendered-hash.ts";
import { focusOf } from "./focus.ts";
import { type CardFacts, renderCard, type RenderedMessage } from "./render-card.ts";

export interface DrawCardOptions {
  /** For incidents whose service names no channel, and where theirs cannot be posted to. */
  defaultChannel: string;
  opsChannel?: string | undefined;
  /** Steps by which an applied change could be widened; left out or failing: no Expand button. */
  expansions?: ((change: ChangeState["id"]) => Promise<Expansion[]>) | undefined;
  /** Whether the contract of a tool has standing approvals; left out: none has. */
  mayStand?: ((tool: Tool) => boolean) | undefined;
  /** Where a person sees the flag in the platform's own console. */
  flagUrl?: ((ref: FlagRef) => string | null) | undefined;
  consoleUrl?: ConsoleUrl | undefined;
}

/** The page of an incident or a change in the console. */
export type ConsoleUrl = (id: IncidentId | ChangeId) => string;

/** The permalink of an incident's live card; null when there is none. */
export type CardUrl = (incidentId: IncidentId) => Promise<string | null>;

export interface DrawnCard {
  message: RenderedMessage;
  metadata: CardMetadata;
  /** Of both: a card of the same hash need not be sent again. */
  renderedHash: string;
}
export type CardMetadata = ReturnType<typeof cardMetadata>;

/** Draws the card of an incident for the channel that it stands in, or is to stand in. */
export function createCardDrawer(
  options: DrawCardOptions & { cardUrl: CardUrl },
): (view: IncidentView, channel: string) => Promise<DrawnCard> {
  const factsOf = async (view: IncidentView, channel: string): Promise<CardFacts> => {
    const change = focusOf(view.changes);
    const mayWiden = change !== null && (change.status === "applied" || change.reviewDue);
    const expansions = mayWiden ? await options.expansions?.(change.id).catch(() => []) : [];
    const linked = view.linked === null ? null : view.linked.incidentId;
    const [wanted] = channelsFor(view, options);
    return {
      expandable: (expansions ?? []).length > 0,
      standable: change !== null && (options.mayStand?.(change.proposal.plan.operation.tool) ?? false),
      linkedCardUrl: linked === null ? null : await options.cardUrl(linked).catch(() => null),
      flagUrl: change === null ? null : (options.flagUrl?.(change.proposal.plan.ref) ?? null),
      consoleUrl: options.consoleUrl?.(view.incident.id) ?? null,
      misplaced: misplacedWords(wanted, channel),
    };
  };

  return async (view, channel) => {
    const message = renderCard(view, await factsOf(view, channel));
    const metadata = cardMetadata(view);
    return { message, metadata, renderedHash: renderedHash({ message, metadata }) };
  };
}

/** Where the card of an incident may stand, the best place first. */
export function channelsFor(
  { incident }: IncidentView,
  { defaultChannel, opsChannel }: Pick<DrawCardOptions, "defaultChannel" | "opsChannel">,
): string[] {
  const channels = [incident.channel || defaultChannel, defaultChannel, opsChannel ?? ""];
  return [...new Set(channels)].filter((channel) => channel !== "");
}

function cardMetadata(view: IncidentView) {
  const change = focusOf(view.changes);
  return {
    event_type: "signalman_card",
    event_payload: {
      incident: view.incident.id as string,
      change: (change?.id ?? "") as string,
      version: change?.version ?? 0,
    },
  };
}

function misplacedWords(wanted: string | undefined, channel: string): string | null {
  // A channel given by its name, or a person, comes back as another id.
  return wanted === undefined || wanted === channel || !/^[CG][A-Z0-9_]+$/.test(wanted)
    ? null
    : `Posted here because the channel ${wanted} cannot be posted to; invite the app there.`;
}
