import { setTimeout as delay } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { ChangeState } from "../../domain/change/change.ts";
import { ChangeEvent } from "../../domain/change/events.ts";
import type { IncidentId } from "../../domain/ids.ts";
import type { LedgerEntry } from "../../domain/ledger/chain.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import { isOpen } from "../../domain/change/change.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Roles } from "../../domain/policy/roles.ts";
import type { Announcer, IncidentView } from "../../pipeline/ports/announcer.ts";
import type { Posting, Postings } from "../../pipeline/ports/storage.ts";
import { askSlack, postMessage } from "./ask-slack.ts";
import { joinLines, section } from "./blocks.ts";
import {
  type CardMetadata,
  type CardUrl,
  channelsFor,
  createCardDrawer,
  type DrawCardOptions,
  type DrawnCard,
} from "./card/draw-card.ts";
import { mayPost } from "./card/focus.ts";
import type { RenderedMessage } from "./card/render-card.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Pacer } from "./pacer.ts";
import { renderedHash } from "./rendered-hash.ts";
import { isChannelTrouble, isMessageLost } from "./slack-failure.ts";
import { askMessage, chaseMessage } from "./thread/ask-message.ts";
import { eventLines } from "./thread/event-line.ts";
import { evidenceMessage } from "./thread/evidence-message.ts";
import { createPictures, type PicturesOptions } from "./thread/pictures.ts";
import { WirePermalink, WirePosted } from "./wire.ts";

export interface AnnouncerOptions extends DrawCardOptions {
  client: WebClient;
  pacer: Pacer;
  postings: Postings;
  roles: Roles;
  /** A plot as PNG; left out: the thread shows metrics in words alone. */
  drawPlot?: PicturesOptions["draw"] | undefined;
  /** Before a plot that could not be shown is tried again; 1 s by default. */
  plotAgainMs?: number | undefined;
  log: Log;
}

export const cardPart = "card";

/** A card that waited longer than this for its turn is drawn anew. */
const freshMs = 50;
/** How long that may take. */
const inTurnMs = 300;

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
  const { drawPlot, plotAgainMs: againMs } = options;
  const pictures = drawPlot === undefined ? null : createPictures({ client, draw: drawPlot, log, againMs });

  const post = (channel: string, message: RenderedMessage, more: PostOptions = {}) =>
    askSlack("chat.postMessage", WirePosted, () =>
      postMessage(client, { channel, ...message, ...threadOf(more), ...metadataOf(more) }),
    );

  const postLine = (card: Posting, message: RenderedMessage) =>
    pacer.send(card.channel, "line", () => post(card.channel, message, { threadTs: card.ts }));

  const cardUrl: CardUrl = async (incidentId) => {
    const card = await postings.get(incidentId, cardPart);
    if (card === null) return null;
    const { channel, ts } = card;
    const request = () => client.chat.getPermalink({ channel, message_ts: ts });
    return (await askSlack("chat.getPermalink", WirePermalink, request)).permalink;
  };

  const draw = createCardDrawer({ ...options, cardUrl });

  /**
   * A card that had to wait for its turn is drawn anew: meanwhile the incident may have moved on. Others wait behind
   * it, so that one which is slow to draw goes out as it was. Null where by now no first card may be posted.
   */
  const drawnInTurn = async (
    card: DrawnCard,
    { channel, isFirst, newest, waitedMs }: Turn,
  ): Promise<DrawnCard | null> => {
    if (waitedMs <= freshMs) return card;
    const anew = async () => {
      const view = await newest();
      if (view === null) return card;
      return isFirst && !mayPost(view) ? null : draw(view, channel);
    };
    return Promise.race([anew().catch(() => card), delay(inTurnMs, card, { ref: false })]);
  };

  /** Null where the card is out of reach and nobody needs a new one. */
  const showCard = async (
    view: IncidentView,
    newest: Newest,
    known: Posting | null,
  ): Promise<Posting | null> => {
    if (known === null) return postCard(view, newest, channelsOf(view));
    const { channel, ts } = known;
    const card = await draw(view, channel);
    if (card.renderedHash === known.renderedHash) return known;
    try {
      const sent = await pacer.send(channel, "update", async (waitedMs) => {
        const drawn = (await drawnInTurn(card, { channel, isFirst: false, newest, waitedMs })) ?? card;
        const { message, metadata } = drawn;
        await askSlack("chat.update", WirePosted, () =>
          client.chat.update({ channel, ts, ...message, ...quietUpdate, metadata }),
        );
        return drawn;
      });
      return record({ ...known, renderedHash: sent.renderedHash });
    } catch (error) {
      if (!isMessageLost(error)) throw error;
      return isOver(view) ? null : postAnew(view, newest, known, error);
    }
  };

  /** The incident gets a new card and thread: nobody would see what became of it in a message out of reach. */
  const postAnew = (
    view: IncidentView,
    newest: Newest,
    lost: Posting,
    error: unknown,
  ): Promise<Posting | null> => {
    log.warn(
      { intent: "rewrite a card", err: error, incident: view.incident.id, channel: lost.channel },
      `The card is out of reach and is posted again. ${String(error)}`,
    );
    const open = channelsOf(view).filter((channel) => channel !== lost.channel || !isChannelTrouble(error));
    if (open.length === 0) throw error;
    return postCard(view, newest, open);
  };

  const postCard = async (
    view: IncidentView,
    newest: Newest,
    candidates: string[],
  ): Promise<Posting | null> => {
    const subject = view.incident.id;
    const urgency = view.incident.severity === "critical" ? "alarm" : "card";
    for (const [index, wanted] of candidates.entries()) {
      const card = await draw(view, wanted);
      const postDrawn = async (waitedMs: number) => {
        const drawn = await drawnInTurn(card, { channel: wanted, isFirst: true, newest, waitedMs });
        if (drawn === null) return null;
        const { message, metadata, renderedHash: hash } = drawn;
        return { ...(await post(wanted, message, { metadata })), renderedHash: hash };
      };
      try {
        const posting = await pacer.send(wanted, urgency, postDrawn);
        if (posting === null) return null;
        const posted = await record({ subject, part: cardPart, ...posting });
        // Another process may have posted a newer one while this one was stopped: then that one stands.
        return (await postings.get(subject, cardPart)) ?? posted;
      } catch (error) {
        if (!isChannelTrouble(error) || index === candidates.length - 1) throw error;
        log.warn(
          { intent: "post a card", err: error, incident: subject, channel: wanted },
          `${String(error)} Trying the next channel.`,
        );
      }
    }
    throw new OpsError("misconfigured", "No Slack channel is configured to post incidents to.");
  };

  const channelsOf = (view: IncidentView): string[] => channelsFor(view, options);

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
      const message = entryMessage(entry, view.changes);
      if (message !== null) once(`event/${entry.stream}/${entry.version}`, message);
    }
    for (const [part, message] of wanted.slice(0, toldAtOnce)) {
      const { channel, ts } = await postLine(card, message);
      await record({ subject: view.incident.id, part, channel, ts, renderedHash: renderedHash(message) });
    }
    return wanted.length > toldAtOnce ? "more" : showPlot(view, card, shown);
  };

  const entryMessage = (entry: LedgerEntry, changes: readonly ChangeState[]): RenderedMessage | null => {
    const chased = chasedIn(entry, changes);
    if (chased !== null) return chaseMessage(chased.change, chased.event, roles);
    const lines = eventLines(entry);
    return lines === null ? null : lineMessage(lines);
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
      const { channel, ts } = await postLine(card, message);
      await record({ subject: incident.id, part, channel, ts, renderedHash: renderedHash(message) });
      return "shown";
    } catch (error) {
      if (isChannelTrouble(error)) throw error;
      return (await pictures.missed(name, error)) === "again" ? "more" : "shown";
    }
  };

  const showNow = async (view: IncidentView, newest: Newest): Promise<"shown" | "more"> => {
    const known = await postings.get(view.incident.id, cardPart);
    if (known === null && !mayPost(view)) return "shown";
    const card = await showCard(view, newest, known);
    if (card === null) return "shown";
    try {
      return await showThread(view, card);
    } catch (error) {
      if (!isChannelTrouble(error)) throw error;
      const anew = await postAnew(view, newest, card, error);
      return anew === null ? "shown" : showThread(view, anew);
    }
  };

  return {
    cardUrl,
    /** Shows of one incident run one after another, so that none is drawn over by an older one. */
    async show(view, newest) {
      const { id } = view.incident;
      const before = queues.get(id) ?? Promise.resolve();
      const shown = before.then(() => showNow(view, newest));
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

/** Once for each time that votes are asked for: those that were voided, or given for an earlier version, are asked again. */
function askPart(changeId: ChangeState["id"], { timeline }: IncidentView): string {
  const anew = timeline.findLast(
    ({ type, stream }) =>
      (type === "votes_voided" || type === "change_revised") && stream === streamOf("change", changeId),
  );
  return anew === undefined ? `ask/${changeId}` : `ask/${changeId}/${anew.version}`;
}

/** Evidence ids that the card refers to. */
function citedIn({ incident }: IncidentView): Set<string> {
  return new Set(incident.assessment?.suspects.flatMap(({ citations }) => citations));
}

interface PostOptions {
  threadTs?: string;
  metadata?: CardMetadata;
}

type Newest = Parameters<Announcer["show"]>[1];

interface Turn {
  channel: string;
  /** Nothing of the incident stands in Slack yet. */
  isFirst: boolean;
  newest: Newest;
  waitedMs: number;
}

/** Unlike `chat.postMessage`, `chat.update` turns names and addresses of the text into links by default. */
const quietUpdate = { parse: "none", link_names: false } as const;

function threadOf({ threadTs }: PostOptions) {
  return threadTs === undefined ? {} : { thread_ts: threadTs };
}

function metadataOf({ metadata }: PostOptions) {
  return metadata === undefined ? {} : { metadata };
}

/** Steps that were taken while nobody decided, of a change that is on the card. */
function chasedIn({ type, at, data, stream }: LedgerEntry, changes: readonly ChangeState[]) {
  if (type !== "approval_chased") return null;
  const change = changes.find(({ id }) => streamOf("change", id) === stream);
  const event = ChangeEvent.safeParse({ ...data, type, at }).data;
  return change === undefined || event?.type !== "approval_chased" ? null : { change, event };
}

function lineMessage(lines: string[]): RenderedMessage {
  return { text: joinLines(lines, 3000), blocks: [section(lines, 2500)] };
}
