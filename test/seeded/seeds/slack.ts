import { defaultBotScopes } from "../../../src/sandbox/slack/tokens.ts";
import type { Seed } from "../seed.ts";

const withScopes =
  (scopes: readonly string[]): Seed["spoil"] =>
  ({ world, env }) => {
    world.slack.tokens.add({ value: "xoxb-other-scopes", kind: "bot", scopes });
    env["SLACK_BOT_TOKEN"] = "xoxb-other-scopes";
  };

export const slackSeeds: readonly Seed[] = [
  ...defaultBotScopes.map((scope): Seed => ({
    name: `the Slack app lacks ${scope}`,
    check: "slack token",
    severity: "error",
    words: new RegExp(`has not the scope ${scope}\\.`),
    spoil: withScopes(defaultBotScopes.filter((each) => each !== scope)),
  })),
  {
    name: "the Slack app may do more than its manifest",
    check: "slack token",
    severity: "warning",
    words: /has the scope channels:history, which manifest.yml does not ask for/,
    spoil: withScopes([...defaultBotScopes, "channels:history"]),
  },
  {
    name: "an app-level token as bot token",
    check: "configuration",
    severity: "error",
    words: /SLACK_BOT_TOKEN does not begin with xoxb-/,
    spoil: ({ env, world }) => void (env["SLACK_BOT_TOKEN"] = world.slack.appToken),
  },
  {
    name: "an app-level token that looks like a bot's",
    check: "slack token",
    severity: "error",
    words: /not the token of a bot/,
    spoil({ world, env }) {
      world.slack.tokens.add({ value: "xoxb-no-bot", kind: "app", scopes: defaultBotScopes });
      env["SLACK_BOT_TOKEN"] = "xoxb-no-bot";
    },
  },
  {
    name: "a revoked bot token",
    check: "slack token",
    severity: "error",
    words: /refuses SLACK_BOT_TOKEN \(token_revoked\)/,
    spoil: ({ world }) => world.slack.tokens.revoke(world.slack.botToken),
  },
  {
    name: "a bot token as app-level token",
    check: "configuration",
    severity: "error",
    words: /SLACK_APP_TOKEN does not begin with xapp-/,
    spoil: ({ env, world }) => void (env["SLACK_APP_TOKEN"] = world.slack.botToken),
  },
  {
    name: "an app-level token without connections:write",
    check: "slack transport",
    severity: "error",
    words: /opens no socket for SLACK_APP_TOKEN \(missing_scope\)/,
    spoil({ world, env }) {
      world.slack.tokens.add({ value: "xapp-no-scope", kind: "app", scopes: [] });
      env["SLACK_APP_TOKEN"] = "xapp-no-scope";
    },
  },
  {
    name: "a revoked app-level token",
    check: "slack transport",
    severity: "error",
    words: /opens no socket for SLACK_APP_TOKEN \(token_revoked\)/,
    spoil: ({ world }) => world.slack.tokens.revoke(world.slack.appToken),
  },
  {
    name: "neither Socket Mode nor HTTP",
    check: "configuration",
    severity: "error",
    words: /Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET/,
    spoil: ({ env }) => void delete env["SLACK_APP_TOKEN"],
  },
  {
    name: "no default channel",
    check: "configuration",
    severity: "error",
    words: /slack\.defaultChannel is missing/,
    spoil: ({ settings }) => void delete settings.slack.defaultChannel,
  },
  {
    name: "the app was not invited to the default channel",
    check: "slack channels",
    severity: "error",
    words: /cannot post to C0LONELY \(slack\.defaultChannel\): not_in_channel/,
    spoil({ world, settings }) {
      world.slack.workspace.addChannel({ id: "C0LONELY", name: "lonely", members: [] });
      settings.slack.defaultChannel = "C0LONELY";
    },
  },
  {
    name: "the app was not invited to the ops channel",
    check: "slack channels",
    severity: "error",
    words: /cannot post to C0OTHER \(slack\.opsChannel\): not_in_channel/,
    spoil({ world, settings }) {
      world.slack.workspace.addChannel({ id: "C0OTHER", name: "other", members: [] });
      settings.slack.opsChannel = "C0OTHER";
    },
  },
  {
    name: "a service's channel does not exist",
    check: "slack channels",
    severity: "error",
    words: /cannot post to C0NOWHERE \(the service "checkout"\): channel_not_found/,
    spoil: ({ settings }) => void (settings.services[1].channel = "C0NOWHERE"),
  },
  {
    name: "a service's channel is archived",
    check: "slack channels",
    severity: "error",
    words: /cannot post to C0OLD .*: is_archived/,
    spoil({ world, settings }) {
      world.slack.workspace.addChannel({ id: "C0OLD", name: "old", members: [] }).archived = true;
      world.slack.workspace.inviteApp("C0OLD");
      settings.services[1].channel = "C0OLD";
    },
  },
  {
    name: "Slack cannot be reached",
    check: "slack token",
    severity: "error",
    words: /Slack could not be reached/,
    spoil: ({ settings }) => void (settings.slack.apiUrl = "http://127.0.0.1:9/api/"),
  },
  {
    name: "a group of roles.yml is of another workspace",
    check: "people",
    severity: "error",
    words: /group S0RELEASE of the role release-manager is not in this workspace/,
    spoil({ world }) {
      world.slack.workspace.addUserGroup({ id: "S0RELEASE", handle: "gone", users: [], disabled: true });
    },
  },
  {
    name: "a person of roles.yml has left",
    check: "people",
    severity: "warning",
    words: /U0MAYA \(governance\/roles\.yml\) is nobody in this workspace, or deactivated/,
    spoil: ({ world }) => world.slack.workspace.deactivate("U0MAYA"),
  },
];
