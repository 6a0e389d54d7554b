import { expect, it } from "vitest";
import { toInstant } from "../../../src/domain/ids.ts";
import { actionIdsOf } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { createSlackWorld, type SlackWorld } from "./slack-world.ts";

const hour = 3_600_000;

async function typed(world: SlackWorld, text: string, userId = "U0ADA") {
  return (await world.site.as(userId).command("/ops", text, "C0OPS")).ephemeral();
}

async function typing(world: SlackWorld, text: string, userId = "U0ADA"): Promise<string> {
  return JSON.stringify((await typed(world, text, userId)).blocks);
}

it("takes away and gives back as typed, for whoever may", async () => {
  await using world = await createSlackWorld();
  expect(await typing(world, "pause checkout 2h payments  fail")).toContain("Set for checkout.");
  await typing(world, "pause everything is on fire");
  await typing(world, "PAUSE All 30M drill");
  await typing(world, "mode Draft_Write checkout 4h new model");
  await typing(world, "deny flag.turn_off search 1h not now");
  await typing(world, "strict 15m we want to look");
  expect(await typing(world, "resume checkout it is over")).toContain("Given back for checkout.");
  await typing(world, "resume it is over");
  const by = { userId: "U0ADA" };
  const off = { kind: "mode", mode: "off" };
  expect(world.people.acts.map(({ act, input }) => ({ act, ...input }))).toEqual([
    { act: "override", scope: "checkout", wish: off, forMs: 2 * hour, reason: "payments fail", ...by },
    { act: "override", scope: "*", wish: off, forMs: hour, reason: "everything is on fire", ...by },
    { act: "override", scope: "*", wish: off, forMs: hour / 2, reason: "drill", ...by },
    {
      act: "override",
      scope: "checkout",
      wish: { kind: "mode", mode: "draft_write" },
      forMs: 4 * hour,
      reason: "new model",
      ...by,
    },
    {
      act: "override",
      scope: "search",
      wish: { kind: "deny_tool", tool: "flag.turn_off" },
      forMs: hour,
      reason: "not now",
      ...by,
    },
    {
      act: "override",
      scope: "*",
      wish: { kind: "strict" },
      forMs: hour / 4,
      reason: "we want to look",
      ...by,
    },
    { act: "resume", scope: "checkout", reason: "it is over", ...by },
    { act: "resume", scope: "*", reason: "it is over", ...by },
  ]);
  expect(await typing(world, "pause all 1h because", "U0BEN")).toContain("Not done: it takes a role");
});

it("says what is missing or unknown", async () => {
  await using world = await createSlackWorld();
  for (const [text, wanted] of [
    ["pause", "Say why"],
    ["pause checkout 2h", "Say why"],
    ["pause chekout 2h because", 'Did you mean \\"checkout\\"?'],
    ["pause chekout is down", "For every service write `all`"],
    ["pause checkout 2x because", "is no duration"],
    ["pause 4m because", "out of bounds"],
    ["strict 25h because", "out of bounds"],
    ["mode", "Say which mode"],
    ["mode approval_required 1h because", "is no mode to lower to"],
    ["mode serch_only 1h because", 'Did you mean \\"search_only\\"?'],
    ["deny flag.turn_of 1h because", 'Did you mean \\"flag.turn_off\\"?'],
    ["deny", "Say which tool"],
    ["resume checkout", "Say why"],
    ["pause <!channel> 1h because", "&lt;!channel&gt;"],
  ] as const) {
    expect(await typing(world, text)).toContain(wanted);
  }
  expect(world.people.acts).toEqual([]);
});

it("lists what is taken away, with buttons, whose forms take and give", async () => {
  await using world = await createSlackWorld();
  const page = await typed(world, "controls");
  const words = JSON.stringify(page.blocks);
  expect(words).toMatch(
    /Signalman for `search`: \*paused\* \(mode off\), until .* by Maya: index &lt;!channel&gt; rebuild/,
  );
  expect(await typing(world, "status")).toContain("*paused* (mode off)");
  expect(actionIdsOf(page)).toEqual([
    "control_resume",
    "control_pause",
    "control_strict",
    "control_deny",
    "control_mode",
  ]);

  const ada = world.site.as("U0ADA");
  const deny = await (
    await ada.click("C0OPS", page.ts, "control_deny")
  ).view(({ callbackId }) => callbackId === "override");
  const empty = await ada.submit(deny.id, { tool: "flag.turn_off", scope: "search" });
  expect(Object.keys(empty.fieldErrors)).toEqual(["reason"]);
  const sent = await ada.submit(deny.id, { tool: "flag.turn_off", scope: "search", reason: "no" });
  expect(JSON.stringify(await sent.ephemeral())).toContain("Set for search.");

  const resume = await (
    await ada.click("C0OPS", page.ts, "control_resume")
  ).view(({ callbackId }) => callbackId === "resume");
  await (await ada.submit(resume.id, { reason: "over" })).ephemeral();
  expect(world.people.acts).toEqual([
    {
      act: "override",
      input: {
        scope: "search",
        wish: { kind: "deny_tool", tool: "flag.turn_off" },
        forMs: hour,
        reason: "no",
        userId: "U0ADA",
      },
    },
    { act: "resume", input: { scope: "search", reason: "over", userId: "U0ADA" } },
  ]);

  const listed = await typed(world, "controls", "U0BEN");
  const refused = await world.site.as("U0BEN").click("C0OPS", listed.ts, "control_resume");
  expect(JSON.stringify(await refused.ephemeral())).toContain("Not done: it takes a role");
});

it("pauses from the card", async () => {
  await using world = await createSlackWorld();
  await world.show();
  const card = await world.card();
  const refused = await world.site.as("U0BEN").click(card.channel, card.ts, "pause_signalman");
  expect(JSON.stringify(await refused.ephemeral())).toContain("Not done: it takes a role");
  const ada = world.site.as("U0ADA");
  const opened = await ada.click(card.channel, card.ts, "pause_signalman");
  const view = await opened.view(({ callbackId }) => callbackId === "override");
  const sent = await ada.submit(view.id, { scope: "checkout", duration: "15m", reason: "look" });
  expect(JSON.stringify(await sent.ephemeral())).toContain("Set for checkout.");
  expect(world.people.acts).toHaveLength(1);
});

it("posts what is taken away with nothing in it that takes effect", async () => {
  await using world = await createSlackWorld();
  const override = {
    wish: { kind: "mode" as const, mode: "off" as const },
    name: "Ada <!here>",
    until: toInstant(Date.UTC(2026, 10, 21, 4)),
  };
  await world.bot.noticeboard.post(
    { kind: "override_ended", scope: "checkout", override },
    { subject: "authority/checkout", part: "ended/1", channel: "" },
  );
  const text = world.site.messages("C0OPS").at(-1)?.text ?? "";
  expect(text).toContain("for `checkout`: *paused* (mode off). It no longer applies.");
  expect(text).not.toContain("<!here>");
});
