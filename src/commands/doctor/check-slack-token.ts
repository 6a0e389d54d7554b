import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { createSlackProbe } from "../../adapters/slack/probe-slack.ts";
import { type Check, type Finding, note, problem, warning } from "./check.ts";

const Manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });
const manifestFile = join(import.meta.dirname, "..", "..", "..", "manifest.yml");

/** What breaks without a scope, in the words of manifest.yml. */
const uses: Record<string, string> = {
  "chat:write": "It cannot post or edit cards.",
  commands: "/flags and /ops do not exist.",
  "files:write": "No pictures stand in a card's thread.",
  "usergroups:read": "Nobody who may decide by a group is let decide.",
  "users:read": "Nobody is let decide: whether an account is deactivated or a guest cannot be asked.",
  "users:read.email":
    "Who changed a flag in FeatBit lately is known only from people.yml; everybody else costs one approval more.",
};

/** The bot token: its kind, and each scope against manifest.yml. */
export const checkSlackToken: Check = {
  name: "slack token",
  async run({ config, timeoutMs }) {
    const slack = config.web?.slack ?? config.executor?.slack;
    const token = slack?.botToken.reveal() ?? "";
    if (slack === undefined || token === "") return [];
    const answer = await createSlackProbe(slack.apiUrl, timeoutMs).ask(token, "auth.test");
    if (answer.error !== null) {
      return [
        problem(
          `Slack refuses SLACK_BOT_TOKEN (${answer.error}).`,
          "Signalman can post nothing and ask nobody.",
          'Copy the "Bot User OAuth Token" under OAuth & Permissions; install the app again if it was removed.',
        ),
      ];
    }
    if (typeof answer.body["bot_id"] !== "string") {
      return [
        problem(
          "SLACK_BOT_TOKEN is not the token of a bot.",
          "Messages would be a person's, and nobody's click would come back.",
          'Copy the "Bot User OAuth Token" (xoxb-…) under OAuth & Permissions.',
        ),
      ];
    }
    return [...ofScopes(answer.scopes), unreadable];
  },
};

function ofScopes(held: readonly string[]): Finding[] {
  const wanted = Manifest.parse(parse(readFileSync(manifestFile, "utf8"))).oauth_config.scopes.bot;
  return [
    ...wanted
      .filter((scope) => !held.includes(scope))
      .map((scope) =>
        problem(
          `The Slack app has not the scope ${scope}.`,
          uses[scope] ?? "Something that manifest.yml needs it for does not work.",
          "Add it under OAuth & Permissions (or paste manifest.yml), and install the app again.",
        ),
      ),
    ...held
      .filter((scope) => !wanted.includes(scope))
      .map((scope) =>
        warning(
          `The Slack app has the scope ${scope}, which manifest.yml does not ask for.`,
          "A stolen token could use it.",
          "Remove it under OAuth & Permissions, and install the app again.",
        ),
      ),
  ];
}

const unreadable = note(
  "Commands, events and interactivity of the Slack app cannot be read with a bot token.",
  "They may differ from manifest.yml.",
  "Compare App Manifest on the app's settings page with manifest.yml.",
);
