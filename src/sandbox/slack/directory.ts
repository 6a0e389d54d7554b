import type { ChangeLog } from "./changes.ts";
import { newId } from "./ids.ts";
import type { SlackChannel, SlackUser, SlackUserGroup } from "./records.ts";

export type NewUser = { readonly id: string; readonly name: string; readonly realName: string } & Partial<
  Omit<SlackUser, "id" | "name" | "realName">
>;
export type NewUserGroup = {
  readonly id: string;
  readonly handle: string;
  readonly users: readonly string[];
} & Partial<Pick<SlackUserGroup, "name" | "description" | "disabled">>;
export type NewChannel = {
  readonly id: string;
  readonly name: string;
  readonly members: readonly string[];
} & Partial<Pick<SlackChannel, "topic" | "archived">> & { readonly isPrivate?: boolean };

/** People, user groups and conversations of the one workspace. */
export function createDirectory(teamId: string, changes: ChangeLog) {
  const users = new Map<string, SlackUser>();
  const groups = new Map<string, SlackUserGroup>();
  const channels = new Map<string, SlackChannel>();
  const changed = () => changes.record({ kind: "directory_changed" });

  const addUser = (user: NewUser): SlackUser => {
    const added: SlackUser = {
      teamId,
      deleted: false,
      isBot: false,
      isRestricted: false,
      isUltraRestricted: false,
      isStranger: false,
      tz: "Etc/UTC",
      ...user,
    };
    users.set(added.id, added);
    changed();
    return added;
  };

  const addUserGroup = (group: NewUserGroup): SlackUserGroup => {
    for (const id of group.users) user(id);
    const added: SlackUserGroup = { name: group.handle, description: "", disabled: false, ...group };
    groups.set(added.id, added);
    changed();
    return added;
  };

  const addChannel = ({ isPrivate, members, ...channel }: NewChannel): SlackChannel => {
    for (const id of members) user(id);
    const kind = isPrivate ? "private" : "public";
    const added: SlackChannel = { topic: "", archived: false, ...channel, kind, members: new Set(members) };
    channels.set(added.id, added);
    changed();
    return added;
  };

  /** The direct conversation between two people; made when it is first needed. */
  const directChannel = (one: string, other: string): SlackChannel => {
    for (const channel of channels.values()) {
      if (channel.kind === "im" && channel.members.has(one) && channel.members.has(other)) return channel;
    }
    const added: SlackChannel = {
      id: newId("D"),
      name: "directmessage",
      kind: "im",
      topic: "",
      archived: false,
      members: new Set([one, other]),
    };
    channels.set(added.id, added);
    changed();
    return added;
  };

  const user = (id: string): SlackUser => found(users.get(id), "user", id, users.keys());
  const group = (id: string): SlackUserGroup => found(groups.get(id), "user group", id, groups.keys());
  const channel = (id: string): SlackChannel => found(channels.get(id), "channel", id, channels.keys());

  const deactivate = (id: string): void => {
    user(id).deleted = true;
    for (const each of groups.values()) each.users = each.users.filter((member) => member !== id);
    changed();
  };

  const setGroupUsers = (id: string, members: readonly string[]): void => {
    for (const member of members) user(member);
    group(id).users = [...members];
    changed();
  };

  return {
    users: users as ReadonlyMap<string, SlackUser>,
    groups: groups as ReadonlyMap<string, SlackUserGroup>,
    channels: channels as ReadonlyMap<string, SlackChannel>,
    addUser,
    addUserGroup,
    addChannel,
    directChannel,
    user,
    group,
    channel,
    deactivate,
    setGroupUsers,
  };
}

function found<T>(value: T | undefined, what: string, id: string, known: Iterable<string>): T {
  if (value === undefined) {
    throw new Error(`the Slack sandbox has no ${what} ${id}; it has: ${[...known].join(", ") || "none"}`);
  }
  return value;
}
