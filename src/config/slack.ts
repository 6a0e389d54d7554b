import { z } from "zod";
import { addressFrom, HttpAddress } from "./addresses.ts";
import { Secret } from "./secret.ts";
import { Port } from "./server.ts";
import type { Variables } from "./variables.ts";

const Channel = z
  .string()
  .regex(/^[CGD][A-Z0-9]{2,}$/, "a Slack channel id such as C0123ABCD (not its name)");

export const SlackSettings = z
  .strictObject({
    defaultChannel: Channel.optional().describe("Where incidents go whose service names no channel."),
    opsChannel: Channel.optional().describe("Where Signalman tells its operators about itself."),
    apiUrl: HttpAddress.optional().describe("Another Web API than Slack's own, for stand-ins and proxies."),
    http: z
      .strictObject({
        host: z
          .string()
          .min(1)
          .default("127.0.0.1")
          .describe("The address Slack's requests are taken in at."),
        port: Port.default(8485).describe("Its port."),
        path: z
          .string()
          .regex(/^\/[A-Za-z0-9/_-]*$/, "a path such as /slack/events")
          .default("/slack/events")
          .describe("The path of the request URL in the app's settings."),
      })
      .prefault({})
      .describe("Where Slack reaches us when SLACK_SIGNING_SECRET is set and SLACK_APP_TOKEN is not."),
  })
  .prefault({});
export type SlackSettings = z.infer<typeof SlackSettings>;

/** How Slack's events arrive: over a socket that we open, or as signed requests to us. */
export type SlackTransport =
  | { kind: "socket"; appToken: Secret }
  | { kind: "http"; signingSecret: Secret; host: string; port: number; path: string };

export interface Slack {
  botToken: Secret;
  /** Absent: Slack itself. */
  apiUrl: string | undefined;
}

export interface SlackFront extends Slack {
  transport: SlackTransport;
  defaultChannel: string;
  opsChannel: string | null;
}

/** What the executor needs to ask who somebody is. */
export function readSlack(settings: SlackSettings, variables: Variables): Slack {
  const botToken = variables.secret(
    "SLACK_BOT_TOKEN",
    'set it to the "Bot User OAuth Token" (xoxb-…) of the Slack app',
  );
  wantPrefix(
    botToken,
    "SLACK_BOT_TOKEN",
    "xoxb-",
    '"Bot User OAuth Token" under OAuth & Permissions',
    variables,
  );
  return { botToken, apiUrl: addressFrom(variables, "SLACK_API_URL", settings.apiUrl) };
}

/** What the front needs to post, and to hear clicks. */
export function readSlackFront(settings: SlackSettings, variables: Variables, file: string): SlackFront {
  const slack = readSlack(settings, variables);
  if (settings.defaultChannel === undefined) {
    variables.findings.push(
      `${file}: slack.defaultChannel is missing; set it to the id of the channel for incidents of no known service.`,
    );
  }
  return {
    ...slack,
    transport: readTransport(settings, variables),
    defaultChannel: settings.defaultChannel ?? "",
    opsChannel: settings.opsChannel ?? null,
  };
}

function readTransport(settings: SlackSettings, variables: Variables): SlackTransport {
  const before = variables.findings.length;
  const appToken = variables.optionalSecret("SLACK_APP_TOKEN");
  if (appToken !== null) {
    wantPrefix(appToken, "SLACK_APP_TOKEN", "xapp-", '"App-Level Token" with connections:write', variables);
    return { kind: "socket", appToken };
  }
  const signingSecret = variables.optionalSecret("SLACK_SIGNING_SECRET");
  if (signingSecret !== null) return { kind: "http", signingSecret, ...settings.http };
  if (variables.findings.length === before) {
    variables.findings.push(
      "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set; " +
        "set the first for Socket Mode (an app-level token, xapp-…) or the second for HTTP.",
    );
  }
  return { kind: "http", ...settings.http, signingSecret: new Secret("") };
}

function wantPrefix(token: Secret, name: string, prefix: string, what: string, variables: Variables): void {
  const text = token.reveal();
  if (text === "" || text.startsWith(prefix)) return;
  variables.findings.push(`${name} does not begin with ${prefix}; copy the ${what} of the Slack app.`);
}
