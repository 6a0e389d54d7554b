import { toWireUser, toWireUserGroup } from "../wire.ts";
import { ApiRefusal, flagArg, method, page, requiredText, type ApiCall, type ApiMethod } from "./method.ts";

const mayReadEmail = ({ token }: ApiCall) => token.scopes.includes("users:read.email");

const userInfo = method(["users:read"], (call) => {
  const user = call.world.directory.users.get(requiredText(call.args, "user"));
  if (user === undefined) throw new ApiRefusal("user_not_found");
  return { user: toWireUser(user, mayReadEmail(call)) };
});

const userList = method(["users:read"], (call) => {
  const users = [...call.world.directory.users.values()];
  const { items, next } = page(users, call.args);
  return {
    members: items.map((user) => toWireUser(user, mayReadEmail(call))),
    cache_ts: Math.floor(call.world.now() / 1000),
    response_metadata: { next_cursor: next },
  };
});

const byEmail = method(["users:read.email"], (call) => {
  const email = requiredText(call.args, "email").toLowerCase();
  const user = [...call.world.directory.users.values()].find(
    (each) => !each.deleted && each.email?.toLowerCase() === email,
  );
  if (user === undefined) throw new ApiRefusal("users_not_found");
  return { user: toWireUser(user, true) };
});

const groupList = method(["usergroups:read"], ({ world, args }) => {
  const groups = [...world.directory.groups.values()].filter(
    (group) => !group.disabled || flagArg(args, "include_disabled"),
  );
  return { usergroups: groups.map((group) => toWireUserGroup(world, group, flagArg(args, "include_users"))) };
});

const groupUsers = method(["usergroups:read"], ({ world, args }) => {
  const group = world.directory.groups.get(requiredText(args, "usergroup"));
  if (group === undefined || (group.disabled && !flagArg(args, "include_disabled"))) {
    throw new ApiRefusal("no_such_subteam");
  }
  return { users: group.users };
});

const botInfo = method(["users:read"], ({ world, args }) => {
  if (requiredText(args, "bot") !== world.app.botId) throw new ApiRefusal("bot_not_found");
  const { app } = world;
  return {
    bot: {
      id: app.botId,
      deleted: false,
      name: app.name,
      updated: 0,
      app_id: app.id,
      user_id: app.botUser,
      icons: {},
    },
  };
});

export const peopleMethods: Readonly<Record<string, ApiMethod>> = {
  "users.info": userInfo,
  "users.list": userList,
  "users.lookupByEmail": byEmail,
  "usergroups.list": groupList,
  "usergroups.users.list": groupUsers,
  "bots.info": botInfo,
};
