import { createSlack, type SlackOptions } from "../../../src/adapters/slack/slack.ts";
import type { Decision } from "../../../src/domain/policy/decision.ts";
import { Roles } from "../../../src/domain/policy/roles.ts";
import { createSlackSandbox } from "../../../src/sandbox/slack/slack-sandbox.ts";
import type { SlackSandboxOptions } from "../../../src/sandbox/slack/world.ts";
import { decisions, incidentId, propose, proposalFor } from "../../support/change-fixtures.ts";
import { createFakeDesk } from "../../support/fake-desk.ts";
import { createFakePersonActions } from "../../support/fake-person-actions.ts";
import { createFakePostings } from "../../support/fake-postings.ts";
import { investigated } from "../../support/story.ts";

export const proposal = proposalFor();
export const roles = Roles.parse({
  roles: { "release-manager": { groups: ["S0REV"], permit: [{ actions: ["*"] }] } },
});

/** The bot scopes that manifest.yml asks for: the adapter must manage with them. */
const scopes = ["chat:write", "commands", "files:write", "usergroups:read", "users:read"];

export interface WorldOptions {
  transport?: "socket" | "http";
  /** Of the request URL, with `http`. */
  path?: string;
  sandbox?: SlackSandboxOptions;
  slack?: Partial<Omit<SlackOptions, "connection">>;
  /** Policy's of the change that waits. */
  decision?: Decision;
}

/** The unmodified Bolt and our adapter on the Slack stand-in, with an incident that awaits approval. */
export async function createSlackWorld({
  transport = "socket",
  path = "/slack/events",
  sandbox = {},
  slack = {},
  decision = decisions.queue(),
}: WorldOptions = {}) {
  await using undo = new AsyncDisposableStack();
  const site = undo.use(
    await createSlackSandbox({ botScopes: scopes, commands: ["/flags", "/ops"], ...sandbox }),
  );
  site.workspace.addUser({ id: "U0ADA", name: "ada", realName: "Ada Reviewer" });
  site.workspace.addUser({ id: "U0BEN", name: "ben", realName: "Ben Onlooker" });
  site.workspace.addUserGroup({ id: "S0REV", handle: "reviewers", users: ["U0ADA"] });
  site.workspace.addChannel({ id: "C0OPS", name: "ops", members: ["U0ADA", "U0BEN"] });
  site.workspace.addChannel({ id: "C0CLOSED", name: "closed", members: ["U0ADA"] });
  site.workspace.inviteApp("C0OPS");

  const story = investigated();
  story.change(propose(decision, proposal));
  const people = createFakePersonActions(["U0ADA"]);
  const postings = createFakePostings();
  const desk = createFakeDesk(() => story.view());
  const logged: string[] = [];
  const say = (level: string) => (_: object, message: string) => void logged.push(`${level} ${message}`);
  const log = { debug: () => undefined, info: say("info"), warn: say("warn"), error: say("error") };
  const { botToken, appToken, signingSecret } = site;
  const options: SlackOptions = {
    connection:
      transport === "socket"
        ? { botToken, appToken }
        : { botToken, signingSecret, port: 0, host: "127.0.0.1", path },
    apiUrl: site.apiUrl,
    defaultChannel: "C0OPS",
    roles,
    postings,
    actions: people.actions,
    desk,
    log,
    ...slack,
    limits: { messageIntervalMs: 1, cardWithinMs: 400, ...slack.limits },
  };
  const bot = undo.use(await createSlack(options));
  if (transport === "http") await site.useRequestUrl(`http://127.0.0.1:${bot.port}${path}`);

  const kept = undo.move();
  return {
    site,
    story,
    people,
    postings,
    desk,
    logged,
    bot,
    /** As the stage does: until everything is told. */
    async show() {
      const newest = () => Promise.resolve(story.view());
      while ((await bot.announcer.show(story.view(), newest)) === "more");
    },
    /** Channel and ts of the live card. */
    async card() {
      const posting = await postings.get(incidentId, "card");
      if (posting === null) throw new Error("there is no card yet");
      return posting;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
export type SlackWorld = Awaited<ReturnType<typeof createSlackWorld>>;
