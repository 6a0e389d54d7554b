import { expect, it } from "vitest";
import { toInstant } from "../../../src/domain/ids.ts";
import type { MuteEvent } from "../../../src/domain/mute/events.ts";
import { DeliveryId } from "../../../src/domain/ids.ts";
import { createSlackWorld, type SlackWorld } from "./slack-world.ts";

async function typing(world: SlackWorld, text: string, userId = "U0ADA"): Promise<string> {
  const typed = await world.site.as(userId).command("/ops", text, "C0OPS");
  const message = await typed.ephemeral();
  expect(message.visibleTo).toBe(userId);
  return JSON.stringify(message.blocks);
}

it("mutes and unmutes as typed, for whoever may", async () => {
  await using world = await createSlackWorld();
  expect(await typing(world, "mute checkout 2h database  upgrade")).toContain("checkout is muted.");
  expect(await typing(world, "MUTE checkout 30M again")).toContain("checkout is muted.");
  expect(await typing(world, "unmute checkout done early")).toContain("checkout is not muted.");
  expect(await typing(world, "unmute checkout")).toContain("checkout is not muted.");
  expect(world.people.acts).toEqual([
    {
      act: "mute",
      input: { service: "checkout", forMs: 7_200_000, reason: "database upgrade", userId: "U0ADA" },
    },
    { act: "mute", input: { service: "checkout", forMs: 1_800_000, reason: "again", userId: "U0ADA" } },
    { act: "unmute", input: { service: "checkout", reason: "done early", userId: "U0ADA" } },
    { act: "unmute", input: { service: "checkout", reason: "", userId: "U0ADA" } },
  ]);
  expect(await typing(world, "mute checkout 2h because", "U0BEN")).toContain("Not done: it takes a role");
});

it.each([
  ["mute checkout", "Say for how long, and why"],
  ["mute checkout 2h", "Say why"],
  ["mute checkout soon because", "is no duration: a mute lasts from 5m to 24h"],
  ["mute checkout 2x because", "is no duration"],
  ["mute checkout 4m because", "is out of bounds: a mute lasts from 5m to 24h"],
  ["mute checkout 25h because", "is out of bounds"],
  ["mute checkout 2d because", "is out of bounds"],
  ["mute checkout <!channel> because", "&lt;!channel&gt;"],
  ["unmute", "Say which"],
])("says what is missing in /ops %s", async (text, wanted) => {
  await using world = await createSlackWorld();
  expect(await typing(world, text)).toContain(wanted);
  expect(world.people.acts).toEqual([]);
});

it("lists what is muted, and says so with the status of each source", async () => {
  await using world = await createSlackWorld();
  const list = await typing(world, "mute");
  expect(list).toContain("`search` until ");
  expect(list).toContain("by Maya: index &lt;!channel&gt; rebuild");
  const status = await typing(world, "status");
  expect(status).toContain("Source `alertmanager`: 1 waiting, 2 in quarantine.");
  expect(status).toContain("1 incident held back by a mute.");
  expect(status).toContain("`search` until ");
});

it("lists the quarantine without a word of it taking effect, and no credential", async () => {
  await using world = await createSlackWorld();
  const list = await typing(world, "quarantine", "U0BEN");
  expect(list).toContain("from `alertmanager`: alerts[0].labels: &lt;!here&gt;");
  expect(list).toContain("password=[redacted]");
  expect(list).toContain("`0198c0de-0000-7000-8000-000000000007`");
  expect(list).not.toContain("hunter2");
  expect(await typing(world, "quarantine other")).toContain("Nothing of `other` is in quarantine.");
});

it("mutes the service of a card, by a button and a form, once for a click that comes twice", async () => {
  await using world = await createSlackWorld();
  await world.show();
  const card = await world.card();
  const clicked = await world.site.as("U0ADA").click(card.channel, card.ts, "mute_service");
  const modal = await clicked.view((view) => view.callbackId === "mute");
  const empty = await world.site.as("U0ADA").submit(modal.id, { duration: "4h" });
  expect(Object.keys(empty.fieldErrors)).toEqual(["reason"]);
  const sent = await world.site.as("U0ADA").submit(modal.id, { duration: "4h", reason: "upgrade" });
  expect(JSON.stringify(await sent.ephemeral())).toContain("checkout is muted.");
  expect(world.people.acts).toEqual([
    { act: "mute", input: { service: "checkout", forMs: 4 * 3_600_000, reason: "upgrade", userId: "U0ADA" } },
  ]);
});

it("opens no form for whoever may not mute", async () => {
  await using world = await createSlackWorld();
  await world.show();
  const card = await world.card();
  const clicked = await world.site.as("U0BEN").click(card.channel, card.ts, "mute_service");
  expect(JSON.stringify(await clicked.ephemeral())).toContain("Not done: it takes a role");
  expect(world.people.checks).toContainEqual({ userId: "U0BEN", action: "mute" });
  expect(world.people.acts).toEqual([]);
});

it("posts notices where they belong, records them, and goes elsewhere when it may not", async () => {
  await using world = await createSlackWorld();
  const event: MuteEvent = {
    type: "service_muted",
    at: toInstant(0),
    until: toInstant(Date.UTC(2026, 10, 21, 4)),
    userId: "U0ADA",
    name: "Ada <!here>",
    reason: "upgrade of <https://evil.example|db>",
  };
  const { noticeboard } = world.bot;
  const notice = { kind: "mute" as const, service: "checkout", event };
  await noticeboard.post(notice, { subject: "mute/checkout", part: "event/1", channel: "C0CLOSED" });
  const [posted] = world.site.messages("C0OPS");
  expect(posted?.text).toContain("muted `checkout` until");
  expect(posted?.text).not.toContain("<!here>");
  expect(posted?.text).not.toContain("<https:");
  expect(await world.postings.get("mute/checkout", "event/1")).toMatchObject({
    channel: "C0OPS",
    ts: posted?.ts,
  });
  const newest = {
    id: DeliveryId.parse("0198c0de-0000-7000-8000-000000000007"),
    sourceId: "alerts",
    receivedAt: toInstant(0),
    reason: "no *alerts* api_key=abcdefgh12345",
  };
  await noticeboard.post(
    { kind: "quarantine", sourceId: "alerts", count: 3, newest },
    { subject: "quarantine/alerts", part: "note", channel: "" },
  );
  const note = world.site.messages("C0OPS").at(-1)?.text ?? "";
  expect(note).toContain("3 deliveries of the source `alerts` could not be understood");
  expect(note).toContain("no ∗alerts∗ api_key=[redacted]");
});
