import { WebClient } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import { createIdentity } from "../../../src/adapters/slack/identity.ts";
import { createSlack } from "../../../src/adapters/slack/slack.ts";
import type { OpsError } from "../../../src/domain/ops-error.ts";
import { Decision } from "../../../src/domain/policy/decision.ts";
import { Roles } from "../../../src/domain/policy/roles.ts";
import { decisions, incidentId, requirement, voteCommand } from "../../support/change-fixtures.ts";
import { createSlackWorld, proposal, roles } from "./slack-world.ts";

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe("showing an incident", () => {
  it("posts one card with its thread, says each thing once, and edits the card afterwards", async () => {
    await using world = await createSlackWorld();
    const { site } = world;
    await world.show();
    const { channel, ts } = await world.card();
    expect(site.messages(channel)).toHaveLength(1);
    expect(site.message(channel, ts)?.metadata).toEqual({
      event_type: "signalman_card",
      event_payload: { incident: incidentId, change: "CHG-0000000001", version: 1 },
    });
    const said = () => site.thread(channel, ts).filter((message) => message.ts !== ts);
    expect(said().map((message) => message.text.split(/[:.\n]/)[0])).toEqual([
      "Evidence",
      "<!subteam^S0REV> CHG-0000000001 needs your decision",
      "*Policy on CHG-0000000001",
    ]);

    const calls = site.callLog.length;
    await world.show();
    await world.show();
    expect(site.callLog.slice(calls).filter((call) => call.method.startsWith("chat."))).toEqual([]);

    world.story.change(
      voteCommand(proposal, { decision: decisions.allow(), rationale: "Errors began with it" }),
    );
    await world.show();
    expect(site.messages(channel)).toHaveLength(1);
    expect(site.message(channel, ts)?.editedTs).toBeDefined();
    expect(
      said()
        .slice(3)
        .map((message) => message.text),
    ).toEqual([
      "Ruth approved CHG-0000000001: Errors began with it",
      "CHG-0000000001 is approved and will be carried out.",
    ]);
    expect(site.messageLog.filter((entry) => JSON.stringify(entry).includes("subteam^S0REV"))).toHaveLength(
      1,
    );
  });

  it("reminds whom it asked, and calls those who may decide from then on, once each", async () => {
    const minute = 60_000;
    const chase = [
      { kind: "reminder" as const, afterMs: 5 * minute, roles: [] },
      { kind: "sla_missed" as const, afterMs: 10 * minute, roles: [] },
      { kind: "escalation" as const, afterMs: 15 * minute, roles: ["second-line"] },
    ];
    const more = Roles.parse({
      roles: { ...roles.roles, "second-line": { groups: ["S0SECOND"], permit: [{ actions: ["approve"] }] } },
    });
    await using world = await createSlackWorld({
      slack: { roles: more },
      decision: Decision.parse({ ...decisions.queue(), requirement: { ...requirement(), chase } }),
    });
    const { site, story } = world;
    await world.show();
    const { channel, ts } = await world.card();
    const chased = () =>
      site
        .thread(channel, ts)
        .map(({ text }) => text)
        .filter((text) => text.includes("min"));
    for (const wait of [5, 10]) {
      story.pass(wait);
      story.change({ command: "chase" });
      await world.show();
      await world.show();
    }
    expect(chased()).toEqual([
      "<!subteam^S0REV> CHG-0000000001 has waited 5 min for a decision.",
      "CHG-0000000001 was to be decided within 10 min, and was not.",
      "<!subteam^S0SECOND> CHG-0000000001 has waited 15 min: from now on an approval by second-line counts as well.",
    ]);
  });

  it("shows a crash between post and record at most one more card, and shows of one moment never two", async () => {
    await using world = await createSlackWorld();
    world.postings.loseNextRecord();
    await expect(world.show()).rejects.toThrow("crashed");
    await Promise.all([world.show(), world.show(), world.show()]);
    expect(world.site.messages("C0OPS")).toHaveLength(2);
  });

  it.each([
    [{ kind: "status", status: 503 }, "server_error"],
    [{ kind: "drop" }, "unreachable"],
    [{ kind: "error", error: "fatal_error" }, "server_error"],
  ] as const)(
    "says that Slack is out (%o) so that it is tried again, and then goes on",
    async (fault, code) => {
      await using world = await createSlackWorld();
      world.site.faults.next("chat.postMessage", fault);
      await expect(world.show()).rejects.toMatchObject({ name: "OpsError", code, retryable: true });
      await world.show();
      expect(world.site.messages("C0OPS")).toHaveLength(1);
    },
  );

  it("leaves one stray at most when the answer of a post is lost", async () => {
    await using world = await createSlackWorld();
    world.site.faults.next("chat.postMessage", { kind: "drop_after_effect" });
    await expect(world.show()).rejects.toMatchObject({ retryable: true });
    await world.show();
    expect(world.site.messages("C0OPS")).toHaveLength(2);
  });

  it("obeys Retry-After, and passes a long one on", async () => {
    await using world = await createSlackWorld();
    world.site.faults.next("chat.postMessage", { kind: "rate_limited", retryAfterS: 1 });
    const began = performance.now();
    await world.show();
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(world.site.messages("C0OPS")).toHaveLength(1);
    world.story.incident({ command: "acknowledge", userId: "U0ADA", name: "Ada" });
    world.site.faults.next("chat.update", { kind: "rate_limited", retryAfterS: 60 });
    await expect(world.show()).rejects.toMatchObject({ code: "rate_limited", retryable: true });
  });

  it("draws a card that had to wait for its turn as the incident is by then", async () => {
    await using world = await createSlackWorld();
    world.site.faults.next("chat.postMessage", { kind: "rate_limited", retryAfterS: 1 });
    await world.bot.announcer.show(world.story.view(), () => {
      world.story.incident({ command: "acknowledge", userId: "U0ADA", name: "Ada" });
      return Promise.resolve(world.story.view());
    });
    expect(JSON.stringify(world.site.messages("C0OPS"))).toContain("*On it:* Ada");
    await world.show();
    expect(world.site.callLog.filter(({ method }) => method === "chat.update")).toEqual([]);
  });

  it("keeps inside one message a second and channel", async () => {
    const limits = { messageIntervalMs: 1100, messageBurst: 1 };
    await using world = await createSlackWorld({
      sandbox: { messagesPerSecondPerChannel: 1 },
      slack: { limits },
    });
    await world.show();
    expect(world.site.messages("C0OPS")).toHaveLength(1);
    const refused = world.site.callLog.filter((call) => JSON.stringify(call).includes("ratelimited"));
    expect(refused).toEqual([]);
  });

  it("posts in the default channel what its own channel does not take, and says so", async () => {
    await using world = await createSlackWorld();
    const view = world.story.view();
    const closed = { ...view, incident: { ...view.incident, channel: "C0CLOSED" } };
    await world.bot.announcer.show(closed, () => Promise.resolve(closed));
    expect(world.site.messages("C0CLOSED")).toEqual([]);
    expect(JSON.stringify(world.site.messages("C0OPS"))).toContain(
      "the channel C0CLOSED cannot be posted to",
    );
  });

  it("posts a deleted card again", async () => {
    await using world = await createSlackWorld();
    await world.show();
    const { channel, ts } = await world.card();
    await new WebClient(world.site.botToken, { slackApiUrl: world.site.apiUrl }).chat.delete({ channel, ts });
    world.story.incident({ command: "acknowledge", userId: "U0ADA", name: "Ada" });
    await world.show();
    expect((await world.card()).ts).not.toBe(ts);
  });

  it.each([
    ["message_not_found", "C0OPS"],
    ["cant_update_message", "C0OPS"],
    ["channel_not_found", "C0DUTY"],
    ["is_archived", "C0DUTY"],
  ])("posts card and thread anew when the card is out of reach (%s)", async (error, where) => {
    await using world = await createSlackWorld({ slack: { opsChannel: "C0DUTY" } });
    const { site, story } = world;
    site.workspace.addChannel({ id: "C0DUTY", name: "duty", members: ["U0ADA"] });
    site.workspace.inviteApp("C0DUTY");
    const threadOf = ({ channel, ts }: { channel: string; ts: string }) =>
      site
        .thread(channel, ts)
        .filter((message) => message.ts !== ts)
        .map(({ text }) => text);
    await world.show();
    const lost = await world.card();
    const said = threadOf(lost);

    story.incident({ command: "acknowledge", userId: "U0ADA", name: "Ada" });
    site.faults.next("chat.update", { kind: "error", error });
    await world.show();
    const card = await world.card();
    expect(card.channel).toBe(where);
    expect(card.ts).not.toBe(lost.ts);
    expect(threadOf(card)).toEqual([...said, "Ada is on it."]);
    expect(threadOf(lost)).toEqual(said);
    expect(JSON.stringify(site.message(card.channel, card.ts))).toMatch(
      where === "C0DUTY" ? /the channel C0OPS cannot be posted to/ : /^((?!cannot be posted to).)*$/,
    );

    const calls = site.callLog.length;
    await world.show();
    expect(site.callLog.slice(calls).filter((call) => call.method.startsWith("chat."))).toEqual([]);
  });

  it("posts card and thread anew where the thread's channel was closed while the card stays as it is", async () => {
    await using world = await createSlackWorld({ slack: { opsChannel: "C0DUTY" } });
    const { site } = world;
    site.workspace.addChannel({ id: "C0DUTY", name: "duty", members: ["U0ADA"] });
    site.workspace.inviteApp("C0DUTY");
    site.faults.next("chat.postMessage", { kind: "delay", delayMs: 1 });
    site.faults.next("chat.postMessage", { kind: "error", error: "is_archived" });
    await world.show();
    const { channel, ts } = await world.card();
    expect(channel).toBe("C0DUTY");
    expect(site.thread(channel, ts)).toHaveLength(4);
  });

  it("says that no channel is left, for as long as that is so", async () => {
    await using world = await createSlackWorld();
    await world.show();
    world.story.incident({ command: "acknowledge", userId: "U0ADA", name: "Ada" });
    world.site.faults.next("chat.update", { kind: "error", error: "is_archived" });
    await expect(world.show()).rejects.toMatchObject({ code: "not_found", retryable: false });
    await world.show();
    expect(world.site.messages("C0OPS")).toHaveLength(1);
  });

  it("asks again when votes no longer count", async () => {
    await using world = await createSlackWorld();
    const { story, site } = world;
    const pings = () =>
      site.messageLog.filter((entry) => JSON.stringify(entry).includes("subteam^S0REV")).length;
    const { digest } = proposal;
    await world.show();
    for (const round of [1, 2]) {
      story.change(voteCommand(proposal, { decision: decisions.allow() }));
      await world.show();
      expect(pings()).toBe(round);
      story.change({ command: "begin", operationId: "op", epoch: 1, digest, decision: decisions.queue() });
      await world.show();
      await world.show();
      expect(pings()).toBe(round + 1);
    }
  });
});

async function optionsWith(botToken: string, appToken: string) {
  const world = await createSlackWorld();
  const { postings, people, desk, site } = world;
  const rest = {
    apiUrl: site.apiUrl,
    defaultChannel: "C0OPS",
    roles,
    postings,
    actions: people.actions,
    desk,
  };
  const connection = { botToken: botToken || site.botToken, appToken: appToken || site.appToken };
  return { world, options: { ...rest, connection, log: quiet } };
}

describe("connecting", () => {
  it.each([
    ["SLACK_BOT_TOKEN", "xoxb-wrong", ""],
    ["SLACK_APP_TOKEN", "", "xapp-wrong"],
  ])("names %s when it is wrong", async (variable, botToken, appToken) => {
    const { world, options: wrong } = await optionsWith(botToken, appToken);
    await using _ = world;
    await expect(createSlack(wrong)).rejects.toSatisfy(
      (error: OpsError) => error.code === "unauthorized" && error.message.includes(variable),
    );
  });

  it("takes requests in at the path of the settings, and at no other", async () => {
    await using world = await createSlackWorld({ transport: "http", path: "/from/slack" });
    const typed = await world.site.as("U0ADA").command("/ops", "status", "C0OPS");
    expect(JSON.stringify(await typed.ephemeral())).toContain("Database up");
    const elsewhere = await fetch(`http://127.0.0.1:${world.bot.port}/slack/events`, { method: "POST" });
    expect(elsewhere.status).toBe(404);
  });

  it("says that Slack cannot be reached", async () => {
    const { world, options: right } = await optionsWith("", "");
    await using _ = world;
    const unreachable = { ...right, apiUrl: "http://127.0.0.1:9/api/" };
    await expect(createSlack(unreachable)).rejects.toMatchObject({ code: "unreachable", retryable: true });
  });
});

describe("who somebody is", () => {
  it("is asked of Slack with the bot token alone, as fresh as wanted", async () => {
    await using world = await createSlackWorld();
    const { botToken, apiUrl, workspace, callLog } = world.site;
    const identity = createIdentity({ botToken, apiUrl, roles, log: quiet });
    expect(await identity.homeTeamId()).toBe(world.site.team.id);
    expect(await identity.person("U0ADA", 60_000)).toMatchObject({
      name: "Ada Reviewer",
      groups: ["S0REV"],
      teamId: world.site.team.id,
      deleted: false,
    });
    const calls = callLog.length;
    await identity.person("U0ADA", 60_000);
    expect(callLog).toHaveLength(calls);

    await workspace.setUserGroup("S0REV", ["U0BEN"]);
    workspace.deactivate("U0ADA");
    expect(await identity.person("U0ADA", 60_000)).toMatchObject({ groups: ["S0REV"] });
    expect(await identity.person("U0ADA", 0)).toMatchObject({ groups: [], deleted: true });
  });

  it("is not known while Slack does not answer", async () => {
    await using world = await createSlackWorld();
    const { botToken, apiUrl, faults } = world.site;
    const identity = createIdentity({ botToken, apiUrl, roles, log: quiet, timeoutMs: 200 });
    faults.next("users.info", { kind: "hang" });
    await expect(identity.person("U0ADA", 0)).rejects.toMatchObject({ code: "timeout" });
    faults.next("usergroups.list", { kind: "status", status: 500 });
    await expect(identity.person("U0ADA", 0)).rejects.toMatchObject({ code: "server_error" });
    faults.next("usergroups.list", { kind: "error", error: "plan_upgrade_required" });
    expect(await identity.person("U0ADA", 0)).toMatchObject({ groups: [] });
    await expect(identity.person("U0NOBODY", 0)).rejects.toMatchObject({ code: "rejected" });
  });

  it("is found by e-mail address, asked for once a minute; nobody's is nobody's, and no answer is none", async () => {
    await using world = await createSlackWorld({
      sandbox: { botScopes: ["chat:write", "usergroups:read", "users:read", "users:read.email"] },
    });
    const { botToken, apiUrl, workspace, faults, callLog } = world.site;
    workspace.addUser({ id: "U0EVE", name: "eve", realName: "Eve Editor", email: "eve@example.com" });
    const { findPerson } = createIdentity({ botToken, apiUrl, roles, log: quiet, timeoutMs: 200 });
    expect(await findPerson("Eve@example.com")).toBe("U0EVE");
    expect(await findPerson("nobody@example.com")).toBeNull();
    const calls = callLog.length;
    expect([await findPerson("Eve@example.com"), await findPerson("nobody@example.com")]).toEqual([
      "U0EVE",
      null,
    ]);
    expect(callLog).toHaveLength(calls);
    faults.next("users.lookupByEmail", { kind: "hang" });
    await expect(findPerson("ada@example.com")).rejects.toMatchObject({ code: "timeout" });
  });

  it("forgets groups when Slack says that they changed", async () => {
    await using world = await createSlackWorld();
    await world.bot.identity.person("U0BEN", 60_000);
    await world.site.workspace.setUserGroup("S0REV", ["U0BEN"]);
    await expect
      .poll(async () => (await world.bot.identity.person("U0BEN", 60_000)).groups)
      .toEqual(["S0REV"]);
  });
});
