import type { ChangeLog } from "./changes.ts";
import type { SlackMessage } from "./records.ts";

/** One line of the independent record: what became visible where, and when (epoch ms). */
export type MessageLogEntry = {
  readonly at: number;
  readonly kind: "posted" | "updated" | "deleted" | "ephemeral";
  readonly message: SlackMessage;
};

/** Messages of all conversations, ephemeral ones apart because only one person has them. */
export function createMessageStore(changes: ChangeLog, now: () => number) {
  const messages = new Map<string, SlackMessage>();
  const ephemerals = new Map<string, SlackMessage>();
  const log: MessageLogEntry[] = [];

  const put = (message: SlackMessage): SlackMessage => {
    const key = keyOf(message.channel, message.ts);
    if (message.visibleTo !== undefined) {
      const known = ephemerals.has(key);
      ephemerals.set(key, message);
      log.push({ at: now(), kind: "ephemeral", message });
      changes.record({ kind: known ? "ephemeral_updated" : "ephemeral_posted", message });
      return message;
    }
    const known = messages.has(key);
    messages.set(key, message);
    log.push({ at: now(), kind: known ? "updated" : "posted", message });
    changes.record({ kind: known ? "message_updated" : "message_posted", message });
    return message;
  };

  const remove = (message: SlackMessage): void => {
    const key = keyOf(message.channel, message.ts);
    const isEphemeral = message.visibleTo !== undefined;
    (isEphemeral ? ephemerals : messages).delete(key);
    log.push({ at: now(), kind: "deleted", message });
    changes.record({ kind: isEphemeral ? "ephemeral_deleted" : "message_deleted", message });
  };

  const find = (channel: string, ts: string): SlackMessage | undefined => messages.get(keyOf(channel, ts));
  const findEphemeral = (channel: string, ts: string, user: string): SlackMessage | undefined => {
    const message = ephemerals.get(keyOf(channel, ts));
    return message?.visibleTo === user ? message : undefined;
  };
  const inChannel = (channel: string) =>
    [...messages.values()].filter((message) => message.channel === channel);
  const topLevel = (channel: string) => inChannel(channel).filter((message) => isTopLevel(message));
  const thread = (channel: string, ts: string) =>
    inChannel(channel).filter((message) => message.ts === ts || message.threadTs === ts);
  const ephemeralsFor = (user: string) =>
    [...ephemerals.values()].filter((message) => message.visibleTo === user);

  return {
    put,
    remove,
    find,
    findEphemeral,
    inChannel,
    topLevel,
    thread,
    ephemeralsFor,
    log: log as readonly MessageLogEntry[],
  };
}

const keyOf = (channel: string, ts: string) => `${channel}/${ts}`;

export function isTopLevel(message: SlackMessage): boolean {
  return message.threadTs === undefined || message.threadTs === message.ts;
}
