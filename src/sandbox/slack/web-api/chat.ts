import type { SlackChannel, SlackMessage } from "../records.ts";
import { toWireMessage } from "../wire.ts";
import { readContent, readMetadata, readThread } from "./message-content.ts";
import { ApiRefusal, method, optionalText, requiredText, type ApiCall, type ApiMethod } from "./method.ts";

const postMessage = method(["chat:write"], (call) => {
  const { world, args } = call;
  const channel = writableChannel(call, requiredText(args, "channel"));
  const thread = readThread(args);
  const parent = thread.threadTs === undefined ? undefined : world.messages.find(channel.id, thread.threadTs);
  if (thread.threadTs !== undefined && parent === undefined) throw new ApiRefusal("thread_not_found");
  const metadata = readMetadata(args);
  const message = world.messages.put({
    channel: channel.id,
    ts: world.newTs(),
    user: world.app.botUser,
    botId: world.app.botId,
    ...readContent(call, "post"),
    ...(parent === undefined ? {} : { threadTs: parent.threadTs ?? parent.ts }),
    ...(metadata ? { metadata } : {}),
    reactions: [],
    files: [],
  });
  return { channel: channel.id, ts: message.ts, message: toWireMessage(world, message) };
});

const update = method(["chat:write"], (call) => {
  const { world, args } = call;
  const channel = writableChannel(call, requiredText(args, "channel"));
  const current = ownMessage(call, channel.id, requiredText(args, "ts"), "cant_update_message");
  const metadata = readMetadata(args);
  // Text without blocks takes the blocks away; metadata that is left out stays.
  const { metadata: kept, ...rest } = current;
  const next = metadata === undefined ? kept : metadata;
  const message = world.messages.put({
    ...rest,
    ...readContent(call, "update"),
    ...(next ? { metadata: next } : {}),
    editedTs: world.newTs(),
  });
  return { channel: channel.id, ts: message.ts, text: message.text, message: toWireMessage(world, message) };
});

const remove = method(["chat:write"], (call) => {
  const channel = writableChannel(call, requiredText(call.args, "channel"));
  const message = ownMessage(call, channel.id, requiredText(call.args, "ts"), "cant_delete_message");
  call.world.messages.remove(message);
  return { channel: channel.id, ts: message.ts };
});

const postEphemeral = method(["chat:write"], (call) => {
  const { world, args } = call;
  const channel = writableChannel(call, requiredText(args, "channel"));
  const user = requiredText(args, "user");
  if (!channel.members.has(user)) throw new ApiRefusal("user_not_in_channel");
  const message = world.messages.put({
    channel: channel.id,
    ts: world.newTs(),
    user: world.app.botUser,
    botId: world.app.botId,
    ...readContent(call, "post"),
    ...readThread(args),
    visibleTo: user,
    reactions: [],
    files: [],
  });
  return { message_ts: message.ts };
});

const getPermalink = method([], (call) => {
  const { world, args } = call;
  const channel = knownChannel(call, requiredText(args, "channel"));
  const ts = requiredText(args, "message_ts");
  if (world.messages.find(channel.id, ts) === undefined) throw new ApiRefusal("message_not_found");
  return { channel: channel.id, permalink: permalinkOf(call.baseUrl, channel.id, ts) };
});

export const chatMethods: Readonly<Record<string, ApiMethod>> = {
  "chat.postMessage": postMessage,
  "chat.update": update,
  "chat.delete": remove,
  "chat.postEphemeral": postEphemeral,
  "chat.getPermalink": getPermalink,
};

function permalinkOf(baseUrl: string, channel: string, ts: string): string {
  return `${baseUrl}/archives/${channel}/p${ts.replace(".", "")}`;
}

/** A conversation the app may know of: private ones it has not joined do not exist for it. */
export function knownChannel({ world }: ApiCall, id: string): SlackChannel {
  const channel = world.directory.channels.get(id);
  if (channel === undefined || (channel.kind !== "public" && !channel.members.has(world.app.botUser))) {
    throw new ApiRefusal("channel_not_found");
  }
  return channel;
}

function writableChannel(call: ApiCall, id: string): SlackChannel {
  const { world, token } = call;
  const user = world.directory.users.get(id);
  if (user !== undefined) {
    if (user.deleted || user.isBot) throw new ApiRefusal("channel_not_found");
    return world.directory.directChannel(user.id, world.app.botUser);
  }
  const channel = knownChannel(call, id);
  if (channel.archived) throw new ApiRefusal("is_archived");
  if (!channel.members.has(world.app.botUser) && !token.scopes.includes("chat:write.public")) {
    throw new ApiRefusal("not_in_channel");
  }
  return channel;
}

function ownMessage({ world }: ApiCall, channel: string, ts: string, refusal: string): SlackMessage {
  const message = world.messages.find(channel, ts);
  if (message === undefined) throw new ApiRefusal("message_not_found");
  if (message.botId !== world.app.botId) throw new ApiRefusal(refusal);
  return message;
}

/** The channel a call writes to, for the limit of one message a second; `undefined` for other methods. */
export function limitedChannel(name: string, args: ApiCall["args"]): string | undefined {
  return name === "chat.postMessage" || name === "chat.postEphemeral"
    ? optionalText(args, "channel")
    : undefined;
}
