import { createChangeLog } from "./changes.ts";
import { createDirectory } from "./directory.ts";
import { createFaults } from "./faults.ts";
import { createFileStore } from "./files.ts";
import { createTimestamps, newId } from "./ids.ts";
import { createMessageStore } from "./messages.ts";
import { createResponseUrls } from "./response-urls.ts";
import { createTokens, defaultBotScopes } from "./tokens.ts";
import { createTriggers } from "./triggers.ts";
import { createViewStore } from "./views.ts";

export type SlackSandboxOptions = {
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  readonly botToken?: string;
  readonly appToken?: string;
  readonly signingSecret?: string;
  readonly botScopes?: readonly string[];
  /** The slash commands of the installed app, such as `/ops`. Left out: every command is taken for the app's. */
  readonly commands?: readonly string[];
  /** The app's name as people see it. */
  readonly appName?: string;
  /** How long a trigger id lives; Slack: 3000 ms. */
  readonly triggerTtlMs?: number;
  /** How long the app has to acknowledge; Slack: 3000 ms. */
  readonly ackTimeoutMs?: number;
  /** When an unacknowledged event is sent again; Slack: at once, after 1 and after 5 minutes. */
  readonly eventRetryDelaysMs?: readonly number[];
  /** Slack allows 1 message a second and channel. Left out: no limit. */
  readonly messagesPerSecondPerChannel?: number;
  /** Epoch ms, fractions allowed; `Date.now` by default. */
  readonly now?: () => number;
  /** How long a file cannot stand in a block yet after its upload; 0 by default. */
  readonly fileProcessingMs?: number;
};

export type World = ReturnType<typeof createWorld>;

/** Everything the stand-in knows, in memory: one workspace with one installed app. */
export function createWorld(options: SlackSandboxOptions) {
  const now = options.now ?? Date.now;
  const teamId = newId("T");
  const changes = createChangeLog(now);
  const directory = createDirectory(teamId, changes);
  const name = options.appName ?? "Signalman";
  const app = {
    id: newId("A"),
    botId: newId("B"),
    botUser: newId("U"),
    name,
    verificationToken: "sandbox-verification",
  };
  directory.addUser({ id: app.botUser, name: name.toLowerCase(), realName: name, isBot: true });

  const bot = options.botToken ?? "xoxb-sandbox-bot-token";
  const appToken = options.appToken ?? "xapp-sandbox-app-token";
  const tokens = createTokens([
    { value: bot, kind: "bot", scopes: options.botScopes ?? defaultBotScopes },
    { value: appToken, kind: "app", scopes: ["connections:write"] },
  ]);

  return {
    now,
    team: { id: teamId, domain: "sandbox", name: "Sandbox" },
    app,
    credentials: {
      botToken: bot,
      appToken,
      signingSecret: options.signingSecret ?? "sandbox-signing-secret",
    },
    commands: options.commands,
    ackTimeoutMs: options.ackTimeoutMs ?? 3000,
    eventRetryDelaysMs: options.eventRetryDelaysMs ?? [0, 60_000, 300_000],
    messagesPerSecondPerChannel: options.messagesPerSecondPerChannel,
    changes,
    directory,
    tokens,
    faults: createFaults(),
    files: createFileStore(now, options.fileProcessingMs ?? 0),
    messages: createMessageStore(changes, now),
    views: createViewStore(changes),
    triggers: createTriggers(now, options.triggerTtlMs ?? 3000),
    responseUrls: createResponseUrls(now),
    newTs: createTimestamps(now),
  };
}
