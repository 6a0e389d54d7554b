import { newToken } from "../ids.ts";
import { knownChannel } from "./chat.ts";
import { ApiRefusal, method, optionalText, requiredText, type ApiMethod } from "./method.ts";

const authTest = method(
  [],
  ({ world, token, baseUrl }) => ({
    url: `${baseUrl}/`,
    team: world.team.name,
    team_id: world.team.id,
    ...(token.kind === "app"
      ? { app_name: world.app.name, app_id: world.app.id }
      : {
          user: world.directory.user(world.app.botUser).name,
          user_id: world.app.botUser,
          bot_id: world.app.botId,
          is_enterprise_install: false,
        }),
  }),
  ["bot", "app"],
);

const apiTest = method(
  [],
  ({ args }) => {
    const error = optionalText(args, "error");
    if (error !== undefined) throw new ApiRefusal(error, { args });
    return { args };
  },
  ["bot", "app"],
);

const addReaction = method(["reactions:write"], (call) => {
  const { world, args } = call;
  const channel = knownChannel(call, requiredText(args, "channel"));
  const message = world.messages.find(channel.id, requiredText(args, "timestamp"));
  if (message === undefined) throw new ApiRefusal("message_not_found");
  const name = requiredText(args, "name");
  if (!/^[a-z0-9_+'-]+$/.test(name)) throw new ApiRefusal("invalid_name");
  const users = message.reactions.find((each) => each.name === name)?.users ?? [];
  if (users.includes(world.app.botUser)) throw new ApiRefusal("already_reacted");
  const others = message.reactions.filter((each) => each.name !== name);
  world.messages.put({ ...message, reactions: [...others, { name, users: [...users, world.app.botUser] }] });
  return {};
});

/** `openSocket` hands out the one-time ticket that the WebSocket URL carries. */
export function createAppMethods(openSocket: (ticket: string) => void): Readonly<Record<string, ApiMethod>> {
  const openConnection = method(
    ["connections:write"],
    ({ world, baseUrl }) => {
      const ticket = newToken();
      openSocket(ticket);
      return { url: `${baseUrl.replace("http", "ws")}/link/?ticket=${ticket}&app_id=${world.app.id}` };
    },
    ["app"],
  );
  return {
    "auth.test": authTest,
    "api.test": apiTest,
    "reactions.add": addReaction,
    "apps.connections.open": openConnection,
  };
}
