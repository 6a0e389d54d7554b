import { afterAll, beforeAll, expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { type GuardedShop, openGuardedShop } from "../support/guarded-shop.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";

let shop: GuardedShop;

beforeAll(async () => {
  shop = await openGuardedShop("{}");
});
afterAll(() => shop[Symbol.asyncDispose]());

/** The file, what policy says of the draft, and what people read on its card. */
const rules: [
  name: string,
  file: string,
  decision: { kind: string; rule: string; mode?: string },
  words: RegExp,
][] = [
  [
    "source_allowlist: alerts of a source that may not lead to drafts are evidence only",
    "sources: { mayDraft: [somebody_else] }",
    { kind: "constrain", mode: "search_only", rule: "guardrail:source_allowlist" },
    /evidence only/,
  ],
  [
    "tool_denylist: a tool that the file denies",
    "deniedTools: [flag.turn_off]",
    { kind: "deny", rule: "guardrail:tool_denylist" },
    /Denied by policy[^]*deny list of guardrails\.yml/,
  ],
  [
    "risk_threshold: more risk than may be here",
    "highestRisk: { default: scoped_read }",
    { kind: "deny", rule: "guardrail:risk_threshold" },
    /Denied by policy[^]*nothing above scoped_read may happen/,
  ],
  [
    "blast_radius: more users than may be moved at all",
    "blastRadius: { denyAbovePercent: 5 }",
    { kind: "deny", rule: "guardrail:blast_radius" },
    /Denied by policy[^]*above 5 % nothing may/,
  ],
  [
    "scope_limits: an account whose flags may not be touched here",
    "scopes: { limits: [{ name: Frozen account, accounts: { except: [nobody] }, because: It is being audited }] }",
    { kind: "deny", rule: "guardrail:scope_limits" },
    /Denied by policy[^]*Frozen account[^]*It is being audited/,
  ],
];

it.each(rules)(
  "%s",
  async (_, file, decision, words) => {
    await shop.ruleBy(file);
    await shop.incident("checkout", async (draft) => {
      expect(draft.decision).toMatchObject(decision);
      expect(draft.decision?.guardrails.map(({ guardrail }) => guardrail)).toHaveLength(11);
      const card = await shop.play.cardWith(words);
      expect(actionIdsOf(card)).not.toContain("approve");
      expect(visibleText(card)).not.toContain("undefined");
    });
    expect(shop.play.mutationsOf("checkout_one_click").map(({ actor }) => actor)).not.toContain(
      "signalman-write",
    );
  },
  60_000,
);

it("runbook_limits: what a person asks for beyond the runbook of an open incident takes two", async () => {
  await shop.ruleBy("{}");
  const { world, play } = shop;
  const maya = world.slack.as(world.people.maya.id);
  await shop.incident("checkout", async () => {
    await play.cardOffering("reject");
    await play.fillIn("ruth", "reject", { rationale: "I want another way." });
    const listed = await (
      await maya.command("/flags", "checkout_one_click", world.channels.incidents.id)
    ).ephemeral();
    const pressed = await maya.click(world.channels.incidents.id, listed.ts, "propose_change");
    const form = await pressed.view(({ callbackId }) => callbackId === "propose", 10_000);
    const operation = /block:[\w-]+/.exec(JSON.stringify(form.blocks))?.[0] ?? "";
    await (
      await maya.submit(form.id, { operation, reason: "Block it for everyone." })
    ).ephemeral(undefined, 10_000);
    const card = visibleText(await play.cardWith(/Block it for everyone/));
    expect(card).toMatch(/needs 2 approvals/);
    expect(card).toMatch(/beyond the runbook: checkout-errors does not name flag\.disable_tool/);
    await play.fillIn("ruth", "reject", { rationale: "No." });
  });
}, 60_000);

it("leaves a ledger that holds all of it", async () => {
  const { changes } = await expectFolded(shop.folder);
  expect(changes.slice(0, rules.length).map(({ decision }) => decision?.rule)).toEqual(
    rules.map(([, , decision]) => decision.rule),
  );
  await expectAuditPasses(shop.folder);
});
