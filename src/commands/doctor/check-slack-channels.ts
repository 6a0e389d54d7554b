import { createSlackProbe } from "../../adapters/slack/probe-slack.ts";
import { type Check, type Finding, note, problem } from "./check.ts";

/** Whether the app may post to every channel that the settings name. */
export const checkSlackChannels: Check = {
  name: "slack channels",
  async run({ config: { web, services }, timeoutMs }) {
    const token = web?.slack.botToken.reveal() ?? "";
    if (web === undefined || token === "") return [];
    const { defaultChannel, opsChannel, apiUrl } = web.slack;
    const named: [channel: string, where: string][] = [
      [defaultChannel, "slack.defaultChannel"],
      ...(opsChannel === null ? [] : [[opsChannel, "slack.opsChannel"] satisfies [string, string]]),
      ...services.flatMap(({ name, channel }): [string, string][] =>
        channel === undefined ? [] : [[channel, `the service "${name}"`]],
      ),
    ];
    const places = Map.groupBy(
      named.filter(([channel]) => channel !== ""),
      ([channel]) => channel,
    );
    const slack = createSlackProbe(apiUrl, timeoutMs);
    const findings: Finding[] = [];
    for (const [channel, users] of places) {
      const state = await slack.channel(token, channel);
      const where = users.map(([, place]) => place).join(", ");
      if (state === "joined") continue;
      if (state === "unknown") {
        findings.push(
          note(
            `Whether the app may post to ${channel} (${where}) could not be told.`,
            "Slack answered something else than was expected; a missing scope or a refused token is named elsewhere.",
            "Look whether the app is a member of the channel.",
          ),
        );
        continue;
      }
      findings.push(
        problem(
          `The app cannot post to ${channel} (${where}): ${state}.`,
          "Cards of its incidents go elsewhere or nowhere.",
          state === "is_archived"
            ? "Name a channel that is not archived."
            : "Invite the app with /invite, or correct the id.",
        ),
      );
    }
    return findings;
  },
};
