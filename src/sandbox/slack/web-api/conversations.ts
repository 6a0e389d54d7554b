import { isTopLevel } from "../messages.ts";
import type { SlackChannel, SlackMessage } from "../records.ts";
import { toWireChannel, toWireMessage } from "../wire.ts";
import { knownChannel } from "./chat.ts";
import {
  ApiRefusal,
  flagArg,
  method,
  optionalText,
  page,
  requiredText,
  type ApiCall,
  type ApiMethod,
} from "./method.ts";

const scopesByKind = { public: "channels", private: "groups", im: "im" } as const;

/** These scopes depend on the kind of conversation that is asked about. */
function needScope(call: ApiCall, kind: SlackChannel["kind"], verb: "read" | "history"): void {
  const needed = `${scopesByKind[kind]}:${verb}`;
  if (!call.token.scopes.includes(needed)) {
    throw new ApiRefusal("missing_scope", { needed, provided: call.token.scopes.join(",") });
  }
}

function readable(call: ApiCall, verb: "read" | "history"): SlackChannel {
  const channel = knownChannel(call, requiredText(call.args, "channel"));
  needScope(call, channel.kind, verb);
  if (verb === "history" && !channel.members.has(call.world.app.botUser))
    throw new ApiRefusal("not_in_channel");
  return channel;
}

const info = method([], (call) => ({ channel: toWireChannel(call.world, readable(call, "read")) }));

const list = method([], (call) => {
  const kinds = (optionalText(call.args, "types") ?? "public_channel").split(",");
  const names = { public: "public_channel", private: "private_channel", im: "im" } as const;
  for (const kind of ["public", "private", "im"] as const) {
    if (kinds.includes(names[kind])) needScope(call, kind, "read");
  }
  const { world } = call;
  const seen = [...world.directory.channels.values()].filter(
    (channel) =>
      kinds.includes(names[channel.kind]) &&
      (channel.kind === "public" || channel.members.has(world.app.botUser)) &&
      !(channel.archived && flagArg(call.args, "exclude_archived")),
  );
  const { items, next } = page(seen, call.args);
  return {
    channels: items.map((each) => toWireChannel(world, each)),
    response_metadata: { next_cursor: next },
  };
});

const members = method([], (call) => {
  const { items, next } = page([...readable(call, "read").members], call.args);
  return { members: items, response_metadata: { next_cursor: next } };
});

const open = method(["im:write"], ({ world, args }) => {
  const ids = requiredText(args, "users").split(",");
  const user = world.directory.users.get(ids[0] ?? "");
  if (ids.length !== 1) throw new ApiRefusal("not_enough_users");
  if (user === undefined) throw new ApiRefusal("user_not_found");
  if (user.deleted) throw new ApiRefusal("user_disabled");
  return { channel: toWireChannel(world, world.directory.directChannel(user.id, world.app.botUser)) };
});

/** Newest first, as Slack gives history; `oldest` and `latest` are exclusive. */
const history = method([], (call) => {
  const channel = readable(call, "history");
  const found = call.world.messages
    .inChannel(channel.id)
    .filter((each) => isTopLevel(each) && within(call, each));
  return messagePage(call, found.toReversed());
});

const replies = method([], (call) => {
  const channel = readable(call, "history");
  const found = call.world.messages.thread(channel.id, requiredText(call.args, "ts"));
  if (found.length === 0) throw new ApiRefusal("thread_not_found");
  return messagePage(
    call,
    found.filter((each) => within(call, each)),
  );
});

function within({ args }: ApiCall, message: SlackMessage): boolean {
  const oldest = Number(optionalText(args, "oldest") ?? 0);
  const latest = Number(optionalText(args, "latest") ?? Number.POSITIVE_INFINITY);
  return Number(message.ts) > oldest && Number(message.ts) < latest;
}

function messagePage(call: ApiCall, messages: readonly SlackMessage[]) {
  const { items, next } = page(messages, call.args);
  const all = flagArg(call.args, "include_all_metadata");
  const shown = items.map((each) => {
    const { metadata, ...message } = toWireMessage(call.world, each);
    return all && metadata !== undefined ? { ...message, metadata } : message;
  });
  return { messages: shown, has_more: next !== "", response_metadata: { next_cursor: next } };
}

export const conversationMethods: Readonly<Record<string, ApiMethod>> = {
  "conversations.info": info,
  "conversations.list": list,
  "conversations.members": members,
  "conversations.open": open,
  "conversations.history": history,
  "conversations.replies": replies,
};
