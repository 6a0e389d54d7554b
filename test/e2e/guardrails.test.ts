import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SlackMessage } from "../../src/sandbox/slack/records.ts";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { emailOf } from "../../src/sandbox/world/people.ts";
import { shopEnvironment } from "../../src/sandbox/world/flags.ts";
import { type GuardedShop, openGuardedShop } from "../support/guarded-shop.ts";
import { expectAuditPasses, expectFolded, readStore } from "../support/ledger-check.ts";
import { until } from "../support/until.ts";

const checkout = { env: shopEnvironment, key: "checkout_one_click" };

let shop: GuardedShop;
let world: GuardedShop["world"];
let play: GuardedShop["play"];

beforeAll(async () => {
  shop = await openGuardedShop("quality: { minimumSamples: 3 }");
  ({ world, play } = shop);
});
afterAll(() => shop[Symbol.asyncDispose]());

/** Somebody has a look in FeatBit: the flag ends up as it was, and its log names them. */
async function touchedBy(author: string): Promise<void> {
  const person = world.featbit.as(author);
  await person.toggle(checkout, false, "Just looking");
  await person.toggle(checkout, true, "And back");
}

/** Ruth approves alone, on this card. */
async function fillEmergency(card: SlackMessage, words: string): Promise<string> {
  const view = await (
    await play.press("ruth", "break_glass", card)
  ).view(({ submit }) => submit !== undefined);
  const ruth = world.slack.as(world.people.ruth.id);
  const sent = await ruth.submit(view.id, { words, reason: "Support is down." });
  return visibleText(await sent.ephemeral(undefined, 10_000));
}

it("who changed the flag lately cannot be its only approver, by FeatBit's log and Slack's addresses", async () => {
  await touchedBy(emailOf("ruth"));
  await shop.incident("checkout", async (draft) => {
    expect(draft.decision).toMatchObject({
      kind: "queue_for_review",
      requirement: { count: 1, recentEditors: expect.arrayContaining(["U0RUTH", "U0MAYA"]) },
    });
    await play.cardOffering("approve");
    expect(await play.approve("ruth")).toContain("somebody who has not changed the flag lately");
    expect(play.mutationsOf(checkout.key).filter(({ comment }) => comment?.includes("Signalman"))).toEqual(
      [],
    );
    expect(await play.approve("pavel")).toContain("Approved");
    await play.cardWith("*Applied*");
  });
}, 60_000);

it("an editor whom nobody can tell costs one approval more; Signalman's own write costs none", async () => {
  await world.trouble.repeat("checkout");
  await touchedBy("signalman-read");
  await shop.incident("checkout", async (draft) => {
    expect(draft.decision).toMatchObject({ requirement: { count: 2 } });
    const card = await play.cardWith(/needs 2 approvals/);
    expect(visibleText(card)).toContain("signalman-read (access token)");
    expect(visibleText(card)).not.toContain("signalman-write");
    await play.fillIn("ruth", "reject", { rationale: "Not now." });
  });
}, 60_000);

it("a change that waits in FeatBit: by hand only, and Details say what waits", async () => {
  const waiting = {
    id: "p1",
    type: "Schedule",
    status: "PendingExecution",
    scheduleTitle: "Go live on Monday",
    scheduledTime: "2030-01-07T08:00:00Z",
    changeRequestReason: "",
  };
  const gone = world.featbit.inject({
    server: "api",
    path: "/pending-changes",
    times: 1000,
    does: {
      kind: "status",
      status: 200,
      body: JSON.stringify({ success: true, errors: [], data: [waiting] }),
    },
  });
  await shop.incident("checkout", async (draft) => {
    expect(draft).toMatchObject({
      status: "shown",
      decision: { kind: "constrain", mode: "draft_write", rule: "guardrail:pending_change" },
    });
    const card = await play.cardWith(/waits in FeatBit/);
    expect(actionIdsOf(card)).not.toContain("approve");
    const details = await (await play.press("ruth", "details", card)).view();
    expect(JSON.stringify(details.blocks)).toMatch(
      /Guardrail `pending_change` allows at most draft_write.*Go live on Monday/,
    );
  });
  gone();
}, 60_000);

it("a flag in a running experiment: by hand only", async () => {
  const flag = world.featbit.world.flags.find(({ key }) => key === checkout.key);
  const [on, off] = flag?.variations ?? [];
  if (flag === undefined || on === undefined || off === undefined) throw new Error("no flag");
  const before = structuredClone({ fallthrough: flag.fallthrough, exptIncludeAllTargets: true });
  const somebody = world.featbit.as(emailOf("maya"));
  await somebody.retarget(checkout, {
    exptIncludeAllTargets: false,
    fallthrough: {
      ...flag.fallthrough,
      includedInExpt: true,
      variations: [
        { id: on.id, rollout: [0, 0.9], exptRollout: 1 },
        { id: off.id, rollout: [0.9, 1], exptRollout: 1 },
      ],
    },
  });
  await shop.incident("checkout", async (draft) => {
    expect(draft).toMatchObject({ status: "shown", decision: { rule: "guardrail:running_experiment" } });
  });
  await somebody.retarget(checkout, before);
}, 60_000);

it("drafts that go wrong too often: one step less, on the ledger, told, and obeyed by the next draft", async () => {
  await shop.incident("checkout", async () => {
    await play.cardOffering("reject");
    await play.fillIn("ruth", "reject", { rationale: "Wrong again." });
  });
  const line = await until(
    "operators to be told",
    () => world.slack.messages(world.channels.ops.id).find((each) => visibleText(each).includes("checkout")),
    { timeoutMs: 20_000, seen: () => shop.log().split("\n").slice(-30).join("\n") },
  );
  expect(visibleText(line)).toContain("2 of 3 drafts were rejected, more than 50 %");
  await shop.incident("checkout", async (draft) => {
    expect(draft.decision).toMatchObject({ kind: "constrain", mode: "draft_write", rule: "quality_signal" });
  });
  await using opened = await readStore(shop.folder);
  const events = await opened.store.ledger.events("authority/checkout");
  expect(events.map(({ type, data }) => [type, data["mode"]])).toEqual([
    ["authority_lowered", "draft_write"],
  ]);
}, 60_000);

it("a frozen window that yields to an emergency, and a review queue that people do not keep up with", async () => {
  await shop.ruleBy(`
blastRadius: { secondApproverAbovePercent: 1 }
reviewQueue: { longestWait: 1s }
frozenWindows:
  - name: Sale
    because: The shop earns its year
    weekly: { from: mon 00:00, to: mon 00:00 }
    yieldsToBreakGlass: true
`);
  await play.fire(shop.doorUrl(), "support");
  const card = await play.cardWith(/Only an emergency goes before it/, 20_000);
  const [frozen] = (await shop.changes()).slice(-1);
  expect(frozen?.decision).toMatchObject({
    rule: "guardrail:frozen_window",
    requirement: { count: 2, raisedBecause: [expect.stringContaining("above 1 %")] },
  });
  expect(actionIdsOf(card)).toContain("approve");
  expect(await play.toldAfter("ruth", "approve")).toContain("The shop earns its year");
  expect(
    play.mutationsOf("support_answer_profile").filter(({ comment }) => comment?.includes("Signalman")),
  ).toEqual([]);
  // Longer than `longestWait`: else the second draft comes while the queue is still healthy, now and then.
  await delay(1_500);
  await play.fire(shop.doorUrl(), "checkout");
  const fallback = await until(
    "a second draft",
    async () => (await shop.changes()).find(({ decision }) => decision?.kind === "fallback"),
    {
      everyMs: 200,
      timeoutMs: 20_000,
      seen: play.everything,
    },
  );
  expect(fallback.decision).toMatchObject({ mode: "search_only", rule: "guardrail:review_queue" });
  const words = `emergency ${frozen?.id}`;
  expect(await fillEmergency(card, words)).toContain("emergency");
  await play.cardWith("*Applied*", 20_000);
  await expectFolded(shop.folder);
  await expectAuditPasses(shop.folder);
}, 90_000);
