import { asText, type JsonObject } from "../json.ts";
import type { SlackMessage, SlackView } from "../records.ts";
import { toWireMessage, toWireView } from "../wire.ts";
import type { World } from "../world.ts";
import { initialValues, pick, valueOf, type Entry } from "./view-state.ts";

/** Where the payloads' response URLs point: this stand-in's own address. */
export type Origin = { readonly world: World; readonly baseUrl: string };

export type ElementUse = {
  readonly block: JsonObject;
  readonly element: JsonObject;
  /** For a menu or a picker: what was chosen. */
  readonly entry?: Entry;
};

/** `block_actions` for an element of a message. */
export function messageAction(
  origin: Origin,
  user: string,
  message: SlackMessage,
  use: ElementUse,
): JsonObject {
  const { world } = origin;
  const isEphemeral = message.visibleTo !== undefined;
  const thread = message.threadTs === undefined ? {} : { thread_ts: message.threadTs };
  return {
    ...head(world, "block_actions", user),
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: isEphemeral,
      ...thread,
    },
    trigger_id: world.triggers.issue(user),
    channel: channelOf(world, message.channel),
    // Slack keeps no copy of an ephemeral message, so it cannot send one.
    ...(isEphemeral ? {} : { message: toWireMessage(world, message) }),
    state: { values: initialValues(message.blocks) },
    response_url: responseUrl(origin, {
      user,
      channel: message.channel,
      messageTs: message.ts,
      ...(message.threadTs === undefined ? {} : { threadTs: message.threadTs }),
    }),
    actions: [actionOf(world, use)],
  };
}

/** `block_actions` for an element of a modal or of the home tab. */
export function viewAction(
  { world }: Origin,
  view: SlackView,
  values: JsonObject,
  use: ElementUse,
): JsonObject {
  return {
    ...head(world, "block_actions", view.user),
    container: { type: "view", view_id: view.id },
    trigger_id: world.triggers.issue(view.user),
    view: toWireView(world, view, values),
    actions: [actionOf(world, use)],
  };
}

export function viewSubmission({ world }: Origin, view: SlackView, values: JsonObject): JsonObject {
  return {
    ...head(world, "view_submission", view.user),
    trigger_id: world.triggers.issue(view.user),
    view: toWireView(world, view, values),
    response_urls: [],
  };
}

export function viewClosed({ world }: Origin, view: SlackView, isCleared: boolean): JsonObject {
  return {
    ...head(world, "view_closed", view.user),
    view: toWireView(world, view, initialValues(view.blocks)),
    is_cleared: isCleared,
  };
}

export function slashCommand(
  origin: Origin,
  user: string,
  channel: string,
  command: string,
  text: string,
): JsonObject {
  const { world } = origin;
  return {
    token: world.app.verificationToken,
    team_id: world.team.id,
    team_domain: world.team.domain,
    channel_id: channel,
    channel_name: world.directory.channel(channel).name,
    user_id: user,
    user_name: world.directory.user(user).name,
    command,
    text,
    api_app_id: world.app.id,
    is_enterprise_install: "false",
    response_url: responseUrl(origin, { user, channel, command: `${command} ${text}`.trim() }),
    trigger_id: world.triggers.issue(user),
  };
}

/** A message shortcut from the "more actions" menu of a message. */
export function messageShortcut(
  origin: Origin,
  user: string,
  message: SlackMessage,
  callbackId: string,
): JsonObject {
  const { world } = origin;
  return {
    ...head(world, "message_action", user),
    callback_id: callbackId,
    trigger_id: world.triggers.issue(user),
    action_ts: world.newTs(),
    message_ts: message.ts,
    channel: channelOf(world, message.channel),
    message: toWireMessage(world, message),
    response_url: responseUrl(origin, { user, channel: message.channel, messageTs: message.ts }),
  };
}

function head(world: World, type: string, userId: string): JsonObject {
  const user = world.directory.user(userId);
  return {
    type,
    user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId },
    api_app_id: world.app.id,
    token: world.app.verificationToken,
    team: { id: world.team.id, domain: world.team.domain },
    enterprise: null,
    is_enterprise_install: false,
  };
}

function channelOf(world: World, id: string): JsonObject {
  return { id, name: world.directory.channel(id).name };
}

function responseUrl(
  { world, baseUrl }: Origin,
  target: Parameters<World["responseUrls"]["issue"]>[0],
): string {
  return `${baseUrl}${world.responseUrls.issue(target)}`;
}

function actionOf(world: World, { block, element, entry }: ElementUse): JsonObject {
  const common = {
    type: asText(element["type"]),
    action_id: asText(element["action_id"]),
    block_id: asText(block["block_id"]),
    action_ts: world.newTs(),
  };
  if (element["type"] === "button") {
    const { text, value, style, url } = element;
    return { ...common, text, value, style, url };
  }
  if (element["type"] === "overflow") return { ...common, selected_option: pick(element, entry ?? null) };
  return { ...common, ...valueOf(element, entry) };
}
