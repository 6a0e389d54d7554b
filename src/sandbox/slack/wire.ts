import type { Json, JsonObject } from "./json.ts";
import type {
  SlackChannel,
  SlackFile,
  SlackMessage,
  SlackUser,
  SlackUserGroup,
  SlackView,
} from "./records.ts";
import type { World } from "./world.ts";

/** The stored records in the form the Web API and the payloads give them. */

export function toWireMessage(world: World, message: SlackMessage): JsonObject {
  const fromApp = message.botId === undefined ? {} : { bot_id: message.botId, app_id: world.app.id };
  const isThreaded = message.threadTs !== undefined;
  return {
    type: "message",
    user: message.user,
    ...fromApp,
    team: world.team.id,
    ts: message.ts,
    text: message.text,
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
    ...(isThreaded ? { thread_ts: message.threadTs } : {}),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    ...(message.editedTs === undefined ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map((each) => ({ ...each, count: each.users.length })) }),
    ...(message.files.length === 0 ? {} : { files: message.files.map((file) => toWireFile(file)) }),
  };
}

export function toWireFile(file: SlackFile): JsonObject {
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    size: file.bytes.byteLength,
    created: Math.floor(file.uploadedAt / 1000),
  };
}

export function toWireUser(user: SlackUser, mayReadEmail: boolean): JsonObject {
  return {
    id: user.id,
    team_id: user.teamId,
    name: user.name,
    real_name: user.realName,
    deleted: user.deleted,
    is_bot: user.isBot,
    is_app_user: false,
    is_admin: false,
    is_owner: false,
    is_restricted: user.isRestricted,
    is_ultra_restricted: user.isUltraRestricted,
    ...(user.isStranger ? { is_stranger: true } : {}),
    tz: user.tz,
    tz_offset: 0,
    updated: 0,
    profile: {
      real_name: user.realName,
      display_name: user.name,
      team: user.teamId,
      ...(mayReadEmail && user.email !== undefined ? { email: user.email } : {}),
    },
  };
}

export function toWireUserGroup(world: World, group: SlackUserGroup, includeUsers: boolean): JsonObject {
  return {
    id: group.id,
    team_id: world.team.id,
    is_usergroup: true,
    is_external: false,
    name: group.name,
    handle: group.handle,
    description: group.description,
    date_create: 0,
    date_update: 0,
    date_delete: group.disabled ? 1 : 0,
    auto_type: null,
    prefs: { channels: [], groups: [] },
    user_count: group.users.length,
    ...(includeUsers ? { users: group.users } : {}),
  };
}

export function toWireChannel(world: World, channel: SlackChannel): JsonObject {
  const isMember = channel.members.has(world.app.botUser);
  if (channel.kind === "im") {
    const user = [...channel.members].find((id) => id !== world.app.botUser);
    return { id: channel.id, is_im: true, is_archived: channel.archived, user };
  }
  return {
    id: channel.id,
    name: channel.name,
    is_channel: channel.kind === "public",
    is_group: channel.kind === "private",
    is_im: false,
    is_private: channel.kind === "private",
    is_archived: channel.archived,
    is_member: isMember,
    num_members: channel.members.size,
    topic: { value: channel.topic, creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
  };
}

export function toWireView(world: World, view: SlackView, values: Json = {}): JsonObject {
  return {
    id: view.id,
    team_id: world.team.id,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.privateMetadata,
    callback_id: view.callbackId,
    state: { values },
    hash: view.hash,
    title: view.title ?? null,
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
    close: view.close ?? null,
    submit: view.submit ?? null,
    previous_view_id: view.previousViewId ?? null,
    root_view_id: view.rootViewId,
    app_id: world.app.id,
    external_id: view.externalId,
    app_installed_team_id: world.team.id,
    bot_id: world.app.botId,
  };
}
