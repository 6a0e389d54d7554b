import { afterAll, beforeAll, expect, it } from "vitest";
import type { Interaction } from "../../src/sandbox/slack/driver/interaction.ts";
import type { Entries } from "../../src/sandbox/slack/driver/view-state.ts";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import type { PersonName } from "../../src/sandbox/world/people.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";
import { openShop, type Shop } from "../support/open-shop.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";
let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop[Symbol.asyncDispose]());

const as = (person: PersonName) => shop.world.slack.as(shop.world.people[person].id);
const channel = () => shop.world.channels.incidents.id;

async function told(interaction: Interaction): Promise<string> {
  return visibleText(await interaction.ephemeral(undefined, 10_000));
}

async function ops(person: PersonName, text: string): Promise<string> {
  return told(await as(person).command("/ops", text, channel()));
}

/** `/ops propose`, both forms; what the second one offered, and the private answer. */
async function propose(person: PersonName, key: string, entries: Entries): Promise<string> {
  const typed = await as(person).command("/ops", `propose ${key}`, channel());
  const first = await typed.view(({ callbackId }) => callbackId === "propose_flag", 10_000);
  const next = await as(person).submit(first.id, { environment: "0", flag: key });
  const second = await next.view(
    ({ callbackId }) => callbackId !== "waiting" && callbackId !== "propose_flag",
    10_000,
  );
  if (second.callbackId !== "propose") return visibleText(second);
  return told(await as(person).submit(second.id, entries));
}

it("takes a person's wish to an approved change that others decided on, and its reverse by a command", async () => {
  const { play, world } = shop;
  const original = structuredClone(play.flag(flagKey));
  const answer = await propose("maya", flagKey, {
    operation: "toggle",
    reason: "Marketing asks for a pause.",
  });
  expect(answer).toMatch(/^CHG-\S+ is drafted and waits for its approval/);
  const changeId = /CHG-\w{10}/.exec(answer)?.[0] ?? "";
  const card = visibleText(await play.cardOffering("approve"));
  expect(card).toMatch(/Request: checkout_one_click: Marketing asks for a pause\./);
  expect(card).toMatch(/\*Asked:\*.* by Maya Okafor/);
  expect(card).not.toContain("looking at what changed");
  expect(await play.toldAfter("maya", "approve")).toMatch(/^Not done/);
  expect(await play.approve("ruth")).toContain("Approved");
  await play.cardWith("*Applied*");
  expect(play.flag(flagKey).isEnabled).toBe(!original.isEnabled);
  expect(play.mutationsOf(flagKey)[0]?.comment).toMatch(
    /requested by Maya Okafor · approved by Ruth Lindqvist$/,
  );

  expect(await ops("maya", "revert")).toContain("Say which change");
  expect(await ops("maya", `revert ${changeId}`)).toContain("Say why");
  expect(await ops("maya", `revert ${changeId} The pause is over.`)).toContain("waits for its approval");
  await play.cardWith(/Undo CHG-/);
  await play.cardOffering("approve");
  await play.approve("pavel");
  await until("the flag to be as it was", () => play.flag(flagKey).isEnabled === original.isEnabled, {
    seen: play.everything,
  });
  expect(play.flag(flagKey)).toEqual(original);

  const audit = await ops("chen", `audit ${changeId.toLowerCase()}`);
  expect(audit).toContain("hash chains intact");
  expect(audit).toMatch(/proposed.* by .*Maya Okafor/);
  expect(audit).toMatch(/approved version 1 as release-manager/);
  expect(await ops("chen", "audit CHG-0000000000")).toContain("The ledger knows nothing of");

  const changes = await told(await as("chen").command("/flags", `${flagKey} changes`, channel()));
  expect(changes).toContain("the last 30 days");
  expect(changes).toContain("*Through Signalman*");
  expect(changes).toContain(changeId);
  const listed = await (await as("chen").command("/flags", `${flagKey} changes`, channel())).ephemeral();
  expect(await told(await as("chen").click(channel(), listed.ts, "audit"))).toMatch(/CHG-\S+\*: \d+ entries/);

  const { changes: recorded } = await expectFolded(shop.folder);
  expect(recorded[0]?.proposal.action).toMatchObject({
    workflow: "human-request",
    actor: { agent: "", requester: { kind: "person", userId: world.people.maya.id } },
  });
  await expectAuditPasses(shop.folder);
}, 120_000);

it("asks by the button of a flag as well, with a share that is typed", async () => {
  const listed = await (await as("chen").command("/flags", flagKey, channel())).ephemeral();
  const pressed = await as("chen").click(channel(), listed.ts, "propose_change");
  const form = await pressed.view(({ callbackId }) => callbackId === "propose", 10_000);
  const shares = JSON.stringify(form.blocks).match(/share:[\w-]+/g) ?? [];
  const share = shares[0] ?? "";
  const wrong = await as("chen").submit(form.id, { operation: share, percent: "a lot", reason: "Try." });
  expect(wrong.fieldErrors).toMatchObject({ percent: expect.stringContaining("0 to 100") });
  const sent = await as("chen").submit(form.id, {
    operation: share,
    percent: "25 %",
    reason: "A quarter first.",
  });
  expect(await told(sent)).toContain("is drafted");
  const card = visibleText(await shop.play.cardWith("A quarter first."));
  expect(card).toMatch(/25%/);
  expect(await shop.play.fillIn("ruth", "reject", { rationale: "Not now." })).toContain("Rejected");
}, 60_000);

it("refuses who may not ask, what is nobody's, and what is not there, and records the first", async () => {
  expect(await propose("tomas", flagKey, {})).toMatch(/guests decide nothing/);
  expect(await propose("maya", "no_such_flag", {})).toMatch(/There is no flag no_such_flag/);
  expect(shop.play.mutationsOf(flagKey)).toHaveLength(2);
}, 60_000);

it("shows a guest no flag, no ledger, and no state of Signalman", async () => {
  const guest = as("tomas");
  const typed = ["", flagKey, `${flagKey} changes`].map((text) => guest.command("/flags", text, channel()));
  const asked = ["status", "pending", "cleanup", "quarantine", "controls", "standing", "audit"].map((word) =>
    ops("tomas", word),
  );
  const answers = await Promise.all([...typed.map(async (each) => told(await each)), ...asked]);
  expect(new Set(answers)).toEqual(new Set(["Nothing is shown to you here: guests decide nothing."]));
  expect(await ops("maya", "status")).toContain("awaiting approval");
}, 60_000);

it("lists flags that decide nothing any more with their owners, and a way to propose what becomes of them", async () => {
  const settled = shop.world.featbit.world.flags.filter(({ key }) => key === flagKey);
  for (const flag of settled) flag.updatedAt = new Date(Date.now() - 200 * 86_400_000).toISOString();
  const page = await (await as("chen").command("/ops", "cleanup", channel())).ephemeral();
  expect(visibleText(page)).toMatch(/Flags that may be ready to go[^]*`checkout_one_click`.*Owner: /);
  expect(JSON.stringify(page.blocks)).toContain("propose_change");
}, 60_000);
