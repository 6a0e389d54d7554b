import { createHash } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import type { ChangeState } from "../../domain/change/change.ts";
import type { FlagRef } from "../../domain/flag/flag.ts";
import type { IncidentId } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import { isOpen } from "../../domain/change/change.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Roles } from "../../domain/policy/roles.ts";
import type { Announcer, IncidentView } from "../../pipeline/ports/announcer.ts";
import type { Expansion } from "../../pipeline/ports/person-actions.ts";
import type { Posting, Postings } from "../../pipeline/ports/storage.ts";
import { askSlack, postMessage } from "./ask-slack.ts";
import { joinLines, section } from "./blocks.ts";
import { focusOf, mayPost } from "./card/focus.ts";
import { renderCard, type CardFacts, type RenderedMessage } from "./card/render-card.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Pacer, Urgency } from "./pacer.ts";
import { isChannelTrouble, isMessageLost } from "./slack-failure.ts";
import { askMessage } from "./thread/ask-message.ts";
import { eventLines } from "./thread/event-line.ts";
import { evidenceMessage } from "./thread/evidence-message.ts";
import { createPictures, type PicturesOptions } from "./thread/pictures.ts";
import { WirePermalink, WirePosted } from "./wire.ts";

export interface AnnouncerOptions {
  client: WebClient;
  pacer: Pacer;
  postings: Postings;
  roles: Roles;
  /** For incidents whose service names no channel, and where theirs cannot be posted to. */
  defaultChannel: string;
  opsChannel?: string | undefined;
  /** Steps by which an applied change could be widened; left out or failing: no Expand button. */
  expansions?: ((change: ChangeState["id"]) => Promise<Expansion[]>) | undefined;
  /** A plot as PNG; left out: the thread shows metrics in words alone. */
  drawPlot?: PicturesOptions["draw"] | undefined;
  /** Before a plot that could not be shown is tried again; 1 s by default. */
  plotAgainMs?: number | undefined;
  /** Where a person sees the flag in the platform's own console. */
  flagUrl?: ((ref: FlagRef) => string | null) | undefined;
  log: Log;
}

export const cardPart = "card";

/** Messages of one thread that are posted before its card is looked at again. */
const toldAtOnce = 1;

/**
 * Keeps one message per incident and its thread: the card first, then the evidence, the question to whoever may
 * approve, and one line per event. What is already shown like that is not sent again. A post whose answer was
 * lost is not known to have arrived, so trying again can leave one more message, never a second decision.
 */
export function createAnnouncer(options: AnnouncerOptions): Announcer & { cardUrl: CardUrl } {
  const { client, pacer, postings, roles, log } = options;
  const queues = new Map<IncidentId, Promise<void>>();
  const { drawPlot: draw, plotAgainMs: againMs } = options;
  const pictures = draw === undefined ? null : createPictures({ client, draw, log, againMs });

  const post = (channel: string, message: RenderedMessage, more: PostOptions = {}) =>
    pacer.send(channel, more.urgency ?? "line", () =>
      askSlack("chat.postMessage", WirePosted, () =>
        postMessage(client, { channel, ...message, ...threadOf(more), ...metadataOf(more) }),
      ),
    );

  const cardUrl: CardUrl = async (incidentId) => {
    const card = await postings.get(incidentId, cardPart);
    if (card === null) return null;
    const { channel, ts } = card;
    const request = () => client.chat.getPermalink({ channel, message_ts: ts });
    return (await askSlack("chat.getPermalink", WirePermalink, request)).permalink;
  };

  const factsOf = async (view: IncidentView): Promise<CardFacts> => {
    const change = focusOf(view.changes);
    const mayWiden = change !== null && (change.status === "applied" || change.reviewDue);
    const expansions = mayWiden ? await options.expansions?.(change.id).catch(() => []) : [];
    const linked = view.linked === null ? null : await cardUrl(view.linked.incidentId).catch(() => null);
    return {
      expandable: (expansions ?? []).length > 0,
      linkedCardUrl: linked,
      flagUrl: change === null ? null : (options.flagUrl?.(change.proposal.plan.ref) ?? null),
      misplaced: null,
    };
  };

  /** Null where the card is out of reach and nobody needs a new one. */
  const showCard = async (view: IncidentView): Promise<Posting | null> => {
    const subject = view.incident.id;
    const facts = await factsOf(view);
    const known = await postings.get(subject, cardPart);
    const metadata = cardMetadata(view);
    if (known !== null) {
      const wanted = channelsOf(view)[0];
      const message = renderCard(view, { ...facts, misplaced: misplacedWords(wanted, known.channel) });
      const renderedHash = hashOf({ message, metadata });
      if (renderedHash === known.renderedHash) return known;
      const { channel, ts } = known;
      try {
        await pacer.send(channel, "update", () =>
          askSlack("chat.update", WirePosted, () =>
            client.chat.update({ channel, ts, ...message, ...quietUpdate, metadata }),
          ),
        );
      } catch (error) {
        if (!isMessageLost(error)) throw error;
        if (isOver(view)) return null;
        return postAnew(view, facts, known, error);
      }
      return record({ ...known, renderedHash });
    }
    return postCard(view, facts, channelsOf(view));
  };

  /** The incident gets a new card and thread: nobody would see what became of it in a message out of reach. */
  const postAnew = (
    view: IncidentView,
    facts: CardFacts,
    lost: Posting,
    error: unknown,
  ): Promise<Posting> => {
    log.warn(
      { incident: view.incident.id, channel: lost.channel },
      `The card is out of reach and is posted again. ${String(error)}`,
    );
    const open = channelsOf(view).filter((channel) => channel !== lost.channel || !isChannelTrouble(error));
    if (open.length === 0) throw error;
    return postCard(view, facts, open);
  };

  const postCard = async (view: IncidentView, facts: CardFacts, candidates: string[]): Promise<Posting> => {
    const metadata = cardMetadata(view);
    const [ideal] = channelsOf(view);
    const urgency = view.incident.severity === "critical" ? "alarm" : "card";
    for (const [index, wanted] of candidates.entries()) {
      const message = renderCard(view, { ...facts, misplaced: misplacedWords(ideal, wanted) });
      try {
        const { channel, ts } = await post(wanted, message, { metadata, urgency });
        const renderedHash = hashOf({ message, metadata });
        return await record({ subject: view.incident.id, part: cardPart, channel, ts, renderedHash });
      } catch (error) {
        if (!isChannelTrouble(error) || index === candidates.length - 1) throw error;
        log.warn(
          { incident: view.incident.id, channel: wanted },
          `${String(error)} Trying the next channel.`,
        );
      }
    }
    throw new OpsError("misconfigured", "No Slack channel is configured to post incidents to.");
  };

  const channelsOf = ({ incident }: IncidentView): string[] => {
    const { defaultChannel, opsChannel } = options;
    return [...new Set([incident.channel || defaultChannel, defaultChannel, opsChannel ?? ""])].filter(
      (channel) => channel !== "",
    );
  };

  const record = async (posting: Posting): Promise<Posting> => {
    await postings.record(posting);
    return posting;
  };

  /** Tells a little of what the thread lacks: Slack takes a message a second, and meanwhile the card may be outdated. */
  const showThread = async (view: IncidentView, card: Posting): Promise<"shown" | "more"> => {
    const known = await postings.ofSubject(view.incident.id);
    const shown = new Set(known.filter((each) => isBelow(each, card)).map(({ part }) => part));
    const wanted: [part: string, message: RenderedMessage][] = [];
    const once = (part: string, message: RenderedMessage): void => {
      if (!shown.has(part)) wanted.push([part, message]);
    };

    // Evidence gathered anew, after a relapse, is a message of its own.
    const { evidence } = view.incident;
    if (view.evidence !== null) {
      once(`evidence/${evidence?.bodyId ?? ""}`, evidenceMessage(view.evidence, citedIn(view)));
    }
    for (const change of view.changes) {
      const ask = change.status === "awaiting_approval" ? askMessage(change, roles) : null;
      if (ask !== null) once(askPart(change.id, view), ask);
    }
    // Below a card that was posted anew, what an earlier episode said would only push down what matters now.
    const isAnew = known.some((each) => each.part !== cardPart && !isBelow(each, card));
    const told = view.timeline.filter(({ at }) => !isAnew || at >= view.incident.episodeStartedAt);
    for (const entry of told) {
      const lines = eventLines(entry);
      if (lines !== null) once(`event/${entry.stream}/${entry.version}`, lineMessage(lines));
    }
    for (const [part, message] of wanted.slice(0, toldAtOnce)) {
      const { channel, ts } = await post(card.channel, message, { threadTs: card.ts });
      await record({ subject: view.incident.id, part, channel, ts, renderedHash: hashOf(message) });
    }
    return wanted.length > toldAtOnce ? "more" : showPlot(view, card, shown);
  };

  /** Last of all: nobody waits for a picture, and where there is none the evidence says it in words. */
  const showPlot = async (
    { incident, plot }: IncidentView,
    card: Posting,
    shown: ReadonlySet<string>,
  ): Promise<"shown" | "more"> => {
    if (pictures === null || plot === null || incident.evidence === null) return "shown";
    const part = `plot/${incident.evidence.hash}`;
    const name = `${incident.id}/${part}`;
    if (shown.has(part) || pictures.hasGivenUp(name)) return "shown";
    try {
      const message = await pictures.messageOf(name, plot);
      const { channel, ts } = await post(card.channel, message, { threadTs: card.ts });
      await record({ subject: incident.id, part, channel, ts, renderedHash: hashOf(message) });
      return "shown";
    } catch (error) {
      if (isChannelTrouble(error)) throw error;
      return (await pictures.missed(name, error)) === "again" ? "more" : "shown";
    }
  };

  const showNow = async (view: IncidentView): Promise<"shown" | "more"> => {
    const known = await postings.get(view.incident.id, cardPart);
    if (known === null && !mayPost(view)) return "shown";
    const card = await showCard(view);
    if (card === null) return "shown";
    try {
      return await showThread(view, card);
    } catch (error) {
      if (!isChannelTrouble(error)) throw error;
      return showThread(view, await postAnew(view, await factsOf(view), card, error));
    }
  };

  return {
    cardUrl,
    /** Shows of one incident run one after another, so that none is drawn over by an older one. */
    async show(view) {
      const { id } = view.incident;
      const before = queues.get(id) ?? Promise.resolve();
      const shown = before.then(() => showNow(view));
      const settled = shown.then(
        () => undefined,
        () => undefined,
      );
      queues.set(id, settled);
      try {
        return await shown;
      } finally {
        if (queues.get(id) === settled) queues.delete(id);
      }
    },
  };
}

/** A part that stands in the card's thread. Those of a card that was posted again stand in the thread of the lost one. */
function isBelow(part: Posting, card: Posting): boolean {
  return part.channel === card.channel && Number(part.ts) > Number(card.ts);
}

/** Closed, and with no change that somebody still has to decide on or look after. */
function isOver({ incident, changes }: IncidentView): boolean {
  return (
    incident.status === "closed" &&
    changes.every((change) => !isOpen(change.status) && change.status !== "applied" && !change.reviewDue)
  );
}

/** Once for each time that votes are asked for: those that were voided must be given again. */
function askPart(changeId: ChangeState["id"], { timeline }: IncidentView): string {
  const voided = timeline.findLast(
    (entry) => entry.type === "votes_voided" && entry.stream === streamOf("change", changeId),
  );
  return voided === undefined ? `ask/${changeId}` : `ask/${changeId}/${voided.version}`;
}

/** Evidence ids that the card refers to. */
function citedIn({ incident }: IncidentView): Set<string> {
  return new Set(incident.assessment?.suspects.flatMap(({ citations }) => citations));
}

/** The permalink of an incident's live card; null when there is none. */
export type CardUrl = (incidentId: IncidentId) => Promise<string | null>;

interface PostOptions {
  threadTs?: string;
  metadata?: CardMetadata;
  /** Of a line unless it says otherwise. */
  urgency?: Urgency;
}
type CardMetadata = ReturnType<typeof cardMetadata>;

/** Unlike `chat.postMessage`, `chat.update` turns names and addresses of the text into links by default. */
const quietUpdate = { parse: "none", link_names: false } as const;

function threadOf({ threadTs }: PostOptions) {
  return threadTs === undefined ? {} : { thread_ts: threadTs };
}

function metadataOf({ metadata }: PostOptions) {
  return metadata === undefined ? {} : { metadata };
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

function lineMessage(lines: string[]): RenderedMessage {
  return { text: joinLines(lines, 3000), blocks: [section(lines, 2500)] };
}

function misplacedWords(wanted: string | undefined, channel: string): string | null {
  // A channel given by its name, or a person, comes back as another id.
  return wanted === undefined || wanted === channel || !/^[CG][A-Z0-9_]+$/.test(wanted)
    ? null
    : `Posted here because the channel ${wanted} cannot be posted to; invite the app there.`;
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
