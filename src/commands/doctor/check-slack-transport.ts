import { createSlackProbe } from "../../adapters/slack/probe-slack.ts";
import { type Check, note, problem } from "./check.ts";

/** How clicks and commands come in: whether a socket may be opened, or what Slack has to be told. */
export const checkSlackTransport: Check = {
  name: "slack transport",
  async run({ config: { web }, timeoutMs }) {
    if (web === undefined) return [];
    const { transport, apiUrl } = web.slack;
    if (transport.kind === "http") {
      if (transport.signingSecret.reveal() === "") return [];
      return [
        note(
          `Slack's requests are taken in at ${transport.host}:${transport.port}${transport.path}; whether Slack sends them there cannot be told from here.`,
          "Without them no click arrives.",
          `Let https://<your host>${transport.path} lead there, and have it as request URL of interactivity, events and each command.`,
        ),
      ];
    }
    const token = transport.appToken.reveal();
    if (token === "") return [];
    const { error } = await createSlackProbe(apiUrl, timeoutMs).ask(token, "apps.connections.open");
    if (error === null) return [];
    return [
      problem(
        `Slack opens no socket for SLACK_APP_TOKEN (${error}).`,
        "No click and no command arrives.",
        error === "missing_scope" || error === "not_allowed_token_type"
          ? "Make an app-level token with connections:write under Basic Information, and switch Socket Mode on."
          : "Copy the app-level token again from Basic Information; switch Socket Mode on.",
      ),
    ];
  },
};
