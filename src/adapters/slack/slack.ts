import { App, HTTPReceiver, LogLevel, SocketModeReceiver, type Receiver } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Plot } from "../../domain/evidence/plot.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { FlagRef } from "../../domain/flag/flag.ts";
import type { Tool } from "../../domain/flag/operation.ts";
import type { Roles } from "../../domain/policy/roles.ts";
import type { Announcer } from "../../pipeline/ports/announcer.ts";
import type { Noticeboard } from "../../pipeline/ports/noticeboard.ts";
import type { Desk, PersonActions } from "../../pipeline/ports/person-actions.ts";
import type { Ledger, Postings } from "../../pipeline/ports/storage.ts";
import { createAnnouncer } from "./announcer.ts";
import type { ConsoleUrl } from "./card/draw-card.ts";
import { askSlack } from "./ask-slack.ts";
import { containRejections } from "./contain-rejections.ts";
import { usualLimits, type FrontLimits } from "./front.ts";
import { createIdentity, type SlackIdentity } from "./identity.ts";
import { registerListeners } from "./listeners/register-listeners.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import { createNoticeboard } from "./noticeboard.ts";
import { createPacer } from "./pacer.ts";
import { toOpsError } from "./slack-failure.ts";
import { toSlackLogger } from "./slack-logger.ts";
import { createWebClient, failFast } from "./web-client.ts";
import { WireAuth, WireBot } from "./wire.ts";
import { watchSocket } from "./watch-socket.ts";
import { within } from "./within.ts";

interface SocketConnection {
  botToken: string;
  appToken: string;
}
interface HttpConnection {
  botToken: string;
  signingSecret: string;
  /** Where Slack's requests are taken in; 0 takes a free port. */
  port: number;
  host: string;
  /** The path of the request URL as the app's settings page has it, such as `/slack/events`. */
  path: string;
}

export interface SlackOptions {
  connection: SocketConnection | HttpConnection;
  apiUrl?: string | undefined;
  defaultChannel: string;
  /** Where cards go that neither their own channel nor the default one takes. */
  opsChannel?: string | undefined;
  roles: Roles;
  postings: Postings;
  /** See `Front`. */
  traceOf?: Ledger["traceOf"] | undefined;
  actions: PersonActions;
  desk: Desk;
  flagUrl?: (ref: FlagRef) => string | null;
  /** Whether the contract of a tool has standing approvals. */
  mayStand?: (tool: Tool) => boolean;
  /** The page of an incident or a change in the console; absent: people reach none. */
  consoleUrl?: ConsoleUrl | undefined;
  /** A plot as PNG; absent: threads show no pictures. */
  drawPlot?: (plot: Plot) => Promise<Uint8Array>;
  log: Log;
  /** The one that `actions` asks, so that news of groups reaches it too; absent: one is made. */
  identity?: SlackIdentity | undefined;
  /** Epoch ms; `Date.now` by default. */
  now?: () => number;
  limits?: Partial<FrontLimits & SendLimits>;
}

interface SendLimits {
  messageIntervalMs: number;
  messageBurst: number;
  startWithinMs: number;
  plotAgainMs: number;
}

export interface Slack extends AsyncDisposable {
  announcer: Announcer;
  noticeboard: Noticeboard;
  identity: SlackIdentity;
  botUserId: string;
  teamId: string;
  /** The port of the HTTP connection; null with Socket Mode. */
  port: number | null;
  /** Before stopping: what waits for Slack's pace fails at once, and is left to whoever runs next. */
  leave: () => void;
}

/**
 * Connects to Slack and starts listening. Throws `OpsError`: `unauthorized` naming the variable whose token was
 * refused, `unreachable` or `timeout` when Slack does not answer.
 */
export async function createSlack(options: SlackOptions): Promise<Slack> {
  const { connection, apiUrl, log, roles, postings } = options;
  const limits = {
    ...usualLimits,
    messageIntervalMs: 1100,
    messageBurst: 3,
    startWithinMs: 20_000,
    plotAgainMs: 1000,
    ...options.limits,
  };
  const access = { botToken: connection.botToken, apiUrl };
  const client = createWebClient(access, log);
  const self = await whoAmI(client);

  const identity = options.identity ?? createIdentity({ ...access, roles, log });
  const leaving = new AbortController();
  const pacer = createPacer({
    leaving: leaving.signal,
    intervalMs: limits.messageIntervalMs,
    burst: limits.messageBurst,
    patienceMs: 15_000,
  });
  const announcer = createAnnouncer({
    client,
    pacer,
    postings,
    roles,
    defaultChannel: options.defaultChannel,
    opsChannel: options.opsChannel,
    expansions: (change) => options.actions.expansions(change),
    mayStand: options.mayStand,
    flagUrl: options.flagUrl,
    consoleUrl: options.consoleUrl,
    drawPlot: options.drawPlot,
    plotAgainMs: limits.plotAgainMs,
    log,
  });

  const { defaultChannel, opsChannel } = options;
  const noticeboard = createNoticeboard({ client, pacer, postings, defaultChannel, opsChannel, log });

  const receiver = receiverFor(connection, apiUrl, log);
  const app = new App({
    token: connection.botToken,
    receiver,
    convoStore: false,
    deferInitialization: true,
    logger: toSlackLogger(log),
    // Apart from the receiver's: the two would overwrite each other's retries (contract §1, shared options).
    clientOptions: { ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }), ...failFast, timeout: 10_000 },
  });
  const { actions, desk, traceOf } = options;
  const now = options.now ?? Date.now;
  const { cardUrl } = announcer;
  const front = {
    app,
    client,
    actions,
    desk,
    postings,
    traceOf,
    identity,
    cardUrl,
    consoleUrl: options.consoleUrl,
    log,
    now,
    limits,
    ...self,
  };
  registerListeners(front);
  app.error(async (error) => {
    log.error(
      { intent: "answer Slack", errorClass: "bug", err: error },
      `A Slack listener failed: ${error.message}`,
    );
  });

  await using undo = new AsyncDisposableStack();
  const contained = containRejections(log);
  undo.defer(() => contained.release());
  if (receiver instanceof SocketModeReceiver) undo.use(watchSocket(receiver.client, log));
  // A peer that does not answer the closing of the socket must not hold up the end.
  undo.defer(() =>
    within(
      5000,
      "Leaving Slack",
      app.stop().then(() => undefined),
    ).catch((error: unknown) => log.warn({ intent: "leave Slack", err: error }, String(error))),
  );
  const port = await start(app, connection, limits.startWithinMs);
  log.info(
    { intent: "join Slack", team: self.teamId },
    port === null ? "Slack: connected by Socket Mode" : `Slack: listening on ${port}`,
  );

  const started = undo.move();
  return {
    announcer,
    noticeboard,
    identity,
    botUserId: self.botUserId,
    teamId: self.teamId,
    port,
    leave: () => leaving.abort(),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function whoAmI(client: WebClient) {
  const auth = await askSlack("auth.test", WireAuth, () => client.auth.test());
  if (auth.bot_id == null) {
    throw new OpsError("misconfigured", "SLACK_BOT_TOKEN is not a bot token: it must begin with xoxb-.");
  }
  const { bot_id: botId } = auth;
  const bot = await askSlack("bots.info", WireBot, () => client.bots.info({ bot: botId }));
  return { teamId: auth.team_id, botUserId: auth.user_id, botId, appId: bot.bot.app_id };
}

function isSocket(connection: SocketConnection | HttpConnection): connection is SocketConnection {
  return "appToken" in connection;
}

function receiverFor(
  connection: SocketConnection | HttpConnection,
  apiUrl: string | undefined,
  log: Log,
): Receiver {
  const logger = toSlackLogger(log);
  if (!isSocket(connection)) {
    if (connection.signingSecret === "") {
      throw new OpsError(
        "misconfigured",
        "SLACK_SIGNING_SECRET is empty: copy it from the app's settings page.",
      );
    }
    const { signingSecret, path } = connection;
    return new HTTPReceiver({ signingSecret, endpoints: path, logger, logLevel: LogLevel.INFO });
  }
  return new SocketModeReceiver({
    appToken: connection.appToken,
    clientPingTimeout: 2000,
    logger,
    installerOptions: {
      clientOptions: {
        ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
        timeout: 10_000,
        // Reconnecting goes on for ever; giving up once would leave the bot deaf.
        retryConfig: { forever: true, factor: 1.3, minTimeout: 500, maxTimeout: 30_000 },
      },
    },
  });
}

/** The port in HTTP mode, else null. */
async function start(
  app: App,
  connection: SocketConnection | HttpConnection,
  withinMs: number,
): Promise<number | null> {
  await app.init().catch((error: unknown) => {
    throw toOpsError("auth.test", error);
  });
  if (isSocket(connection)) {
    await within(withinMs, "Connecting to Slack by Socket Mode", app.start()).catch((error: unknown) => {
      throw toOpsError("apps.connections.open", error, "SLACK_APP_TOKEN");
    });
    return null;
  }
  const { port, host } = connection;
  try {
    const server = await app.start({ port, host });
    const address = "address" in server && typeof server.address === "function" ? server.address() : null;
    return typeof address === "object" && address !== null ? address.port : port;
  } catch (error) {
    throw new OpsError(
      "misconfigured",
      `Slack's requests cannot be taken in on ${host}:${port}: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
}
