import type { App } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Desk, PersonActions } from "../../pipeline/ports/person-actions.ts";
import type { Ledger, Postings } from "../../pipeline/ports/storage.ts";
import type { CardUrl, ConsoleUrl } from "./card/draw-card.ts";
import type { SlackIdentity } from "./identity.ts";
import type { Log } from "../../pipeline/ports/log.ts";

export interface FrontLimits {
  /** A trigger id lives 3 s: when the checks take longer than this, a waiting modal is opened first. */
  openWithinMs: number;
  /** After this a check or a read counts as failed. */
  answerWithinMs: number;
  /** After this a recorded action is reported as uncertain; the card tells what became of it. */
  actWithinMs: number;
  /** How long an early click waits for its card to be recorded. */
  cardWithinMs: number;
  /** How long an answer waits for the card of an incident that it has opened, to link to it. */
  newCardWithinMs: number;
}

export const usualLimits: FrontLimits = {
  openWithinMs: 1500,
  answerWithinMs: 10_000,
  actWithinMs: 30_000,
  cardWithinMs: 2000,
  newCardWithinMs: 8000,
};

/** What every listener works with. */
export interface Front {
  app: App;
  client: WebClient;
  actions: PersonActions;
  desk: Desk;
  postings: Postings;
  /** Absent: nobody traces. */
  traceOf?: Ledger["traceOf"] | undefined;
  identity: SlackIdentity;
  cardUrl: CardUrl;
  consoleUrl?: ConsoleUrl | undefined;
  log: Log;
  teamId: string;
  appId: string;
  botId: string;
  /** Epoch ms. */
  now(): number;
  limits: FrontLimits;
}
