import type { App } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Desk, PersonActions } from "../../pipeline/ports/person-actions.ts";
import type { Postings } from "../../pipeline/ports/storage.ts";
import type { CardUrl } from "./announcer.ts";
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
}

export const usualLimits: FrontLimits = {
  openWithinMs: 1500,
  answerWithinMs: 10_000,
  actWithinMs: 30_000,
  cardWithinMs: 2000,
};

/** What every listener works with. */
export interface Front {
  app: App;
  client: WebClient;
  actions: PersonActions;
  desk: Desk;
  postings: Postings;
  identity: SlackIdentity;
  cardUrl: CardUrl;
  log: Log;
  teamId: string;
  appId: string;
  botId: string;
  /** Epoch ms. */
  now(): number;
  limits: FrontLimits;
}
