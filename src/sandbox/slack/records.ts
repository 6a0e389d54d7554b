import type { JsonObject } from "./json.ts";

export type SlackUser = {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly email?: string;
  readonly teamId: string;
  deleted: boolean;
  readonly isBot: boolean;
  /** A guest in several channels. */
  isRestricted: boolean;
  /** A guest in one channel. */
  isUltraRestricted: boolean;
  /** Somebody from another organisation met through Slack Connect. */
  isStranger: boolean;
  readonly tz: string;
};

export type SlackUserGroup = {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly description: string;
  users: readonly string[];
  disabled: boolean;
};

export type SlackChannel = {
  readonly id: string;
  readonly name: string;
  readonly kind: "public" | "private" | "im";
  readonly members: Set<string>;
  readonly topic: string;
  archived: boolean;
};

export type SlackFile = {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly mimetype: string;
  readonly bytes: Uint8Array;
  readonly uploadedAt: number;
};

export type SlackMessage = {
  readonly channel: string;
  readonly ts: string;
  /** Who wrote it: a person, or the bot user of the app. */
  readonly user: string;
  readonly botId?: string;
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  readonly threadTs?: string;
  readonly metadata?: JsonObject;
  readonly editedTs?: string;
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[];
  readonly files: readonly SlackFile[];
  /** Set on an ephemeral message: the only person who sees it. */
  readonly visibleTo?: string;
  /** The slash command that this message answers, as the person typed it. */
  readonly answers?: string;
};

export type SlackView = {
  readonly id: string;
  readonly type: "modal" | "home";
  /** The person who has it open. */
  readonly user: string;
  readonly hash: string;
  readonly rootViewId: string;
  readonly previousViewId?: string;
  readonly callbackId: string;
  readonly externalId: string;
  readonly privateMetadata: string;
  readonly clearOnClose: boolean;
  readonly notifyOnClose: boolean;
  readonly title?: JsonObject;
  readonly submit?: JsonObject;
  readonly close?: JsonObject;
  readonly blocks: readonly JsonObject[];
};
