import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { checkGuardrails } from "../../../src/domain/guard/check-guardrails.ts";
import type { GuardFacts } from "../../../src/domain/guard/guard-facts.ts";
import type { Guardrails } from "../../../src/domain/guard/guardrails.ts";
import { Instant, later } from "../../../src/domain/ids.ts";
import { proposalFor, onFlag } from "../../support/change-fixtures.ts";
import { guardFacts, guardrailsWith, wednesdayNoon } from "../../support/guard-fixtures.ts";

type Rules = z.input<typeof Guardrails>;
type Case = [what: string, facts: Partial<GuardFacts>, rules: Rules, expected: object];

const { action, plan } = proposalFor();
const bySomebody = {
  ...action,
  actor: { ...action.actor, requester: { kind: "person" as const, userId: "U0MAYA", name: "Maya" } },
};
const moving = (maxMovedPercent: number) => ({
  action: { ...action, scope: { ...action.scope, maxMovedPercent } },
});
const onSegments = (segments: string[]) => ({ action: { ...action, scope: { ...action.scope, segments } } });
const halfOfThem = proposalFor(
  {
    tool: "flag.set_rollout",
    rule: null,
    shares: [
      { variationId: "on", percent: 50 },
      { variationId: "off", percent: 50 },
    ],
  },
  onFlag({
    fallthrough: {
      dispatchKey: null,
      includedInExpt: true,
      variations: [{ id: "off", rollout: [0, 1], exptRollout: 1 }],
    },
  }),
);
const measured = proposalFor(
  { tool: "flag.turn_off" },
  onFlag({
    exptIncludeAllTargets: false,
    fallthrough: {
      dispatchKey: null,
      includedInExpt: true,
      variations: [
        { id: "on", rollout: [0, 0.5], exptRollout: 1 },
        { id: "off", rollout: [0.5, 1], exptRollout: 1 },
      ],
    },
  }),
);
const limit = { name: "EU stays", because: "Legal wants to know first." };
const freeze = { name: "Black Friday", because: "The shop earns its year." };
const at = (text: string) => ({ now: Instant.parse(text) });
const runbook = (over: object = {}) => ({
  byPeople: true,
  runbooks: {
    kind: "known" as const,
    value: [{ id: "bad-rollout", allowedActions: ["flag.set_rollout"], maxRolloutPercent: 10, ...over }],
  },
});
const schedule = (status: string) => ({
  pending: {
    kind: "known" as const,
    value: [{ kind: "schedule" as const, status, title: "Go live", dueAt: wednesdayNoon }],
  },
});
const pass = { verdict: "pass" };
const deny = { verdict: "deny" };
const two = { verdict: "more_approvers", count: 2 };
const byHand = { verdict: "lower", mode: "draft_write" };

const table: Record<string, Case[]> = {
  source_allowlist: [
    ["all may", {}, {}, pass],
    ["it may not", {}, { sources: { mayDraft: ["grafana"] } }, { verdict: "lower", mode: "search_only" }],
    ["one of two may", { sources: ["x", "grafana"] }, { sources: { mayDraft: ["grafana"] } }, pass],
    ["a person asks", { action: bySomebody }, { sources: { mayDraft: [] } }, pass],
    ["nobody may", {}, { sources: { mayDraft: [] } }, { verdict: "lower", mode: "search_only" }],
  ],
  tool_denylist: [
    ["another tool", {}, { deniedTools: ["flag.turn_on"] }, pass],
    ["this tool", {}, { deniedTools: ["flag.turn_off"] }, deny],
  ],
  risk_threshold: [
    ["what can be undone, by default", {}, {}, pass],
    ["what cannot, by default", { action: { ...action, riskClass: "irreversible" } }, {}, deny],
    ["above that of the environment", {}, { highestRisk: { prod: "scoped_read" } }, deny],
    ["above that of other environments", {}, { highestRisk: { staging: "scoped_read" } }, pass],
    ["above the default of the file", {}, { highestRisk: { default: "scoped_read" } }, deny],
    [
      "of no environment",
      {
        plan: null,
        action: { ...action, riskClass: "irreversible", target: { ...action.target, environment: "" } },
      },
      {},
      pass,
    ],
  ],
  scope_limits: [
    ["none", {}, {}, pass],
    ["the region", {}, { scopes: { limits: [{ ...limit, regions: ["eu"] }] } }, deny],
    ["another region", {}, { scopes: { limits: [{ ...limit, regions: ["us"] }] } }, pass],
    ["all but this region", {}, { scopes: { limits: [{ ...limit, regions: { except: ["eu"] } }] } }, pass],
    [
      "an unknown region is not a listed one",
      { regions: [] },
      { scopes: { limits: [{ ...limit, regions: ["eu"] }] } },
      pass,
    ],
    [
      "an unknown region is all but",
      { regions: [] },
      { scopes: { limits: [{ ...limit, regions: { except: ["eu"] } }] } },
      deny,
    ],
    [
      "the account, elsewhere",
      {},
      { scopes: { limits: [{ ...limit, accounts: ["shop"], environments: ["staging"] }] } },
      pass,
    ],
    [
      "the account, by hand",
      {},
      { scopes: { limits: [{ ...limit, accounts: ["shop"], effect: "draft_write" }] } },
      byHand,
    ],
    [
      "account and region must both fit",
      {},
      { scopes: { limits: [{ ...limit, accounts: ["shop"], regions: ["us"] }] } },
      pass,
    ],
    [
      "a segment",
      onSegments(["vip"]),
      { scopes: { limits: [{ ...limit, segments: ["vip"], effect: "second_approver" }] } },
      two,
    ],
    [
      "no segment is none but",
      onSegments([]),
      { scopes: { limits: [{ ...limit, segments: { except: ["internal"] } }] } },
      pass,
    ],
    [
      "the strictest of two",
      {},
      {
        scopes: {
          limits: [
            { ...limit, accounts: ["shop"], effect: "second_approver" },
            { ...limit, regions: ["eu"] },
          ],
        },
      },
      deny,
    ],
  ],
  source_binding: [
    ["within reach", {}, {}, pass],
    ["another flag", { reaches: [{ projects: ["*"], environments: ["*"], flags: ["search"] }] }, {}, deny],
    [
      "one of two sources does not reach it",
      { reaches: [...guardFacts().reaches, { projects: ["*"], environments: ["staging"], flags: ["*"] }] },
      {},
      deny,
    ],
    ["no flag", { plan: null, reaches: [{ projects: [], environments: [], flags: [] }] }, {}, pass],
  ],
  runbook_limits: [
    ["none applies", { byPeople: true }, {}, pass],
    ["a draft was held to it", { ...runbook(), byPeople: false }, {}, pass],
    ["a tool it does not name", runbook(), {}, two],
    ["a tool it names", runbook({ allowedActions: ["flag.turn_off"] }), {}, pass],
    ["a share beyond it", { ...halfOfThem, ...runbook() }, {}, two],
    ["a share within it", { ...halfOfThem, ...runbook({ maxRolloutPercent: 50 }) }, {}, pass],
    ["no share of its own", { ...halfOfThem, ...runbook({ maxRolloutPercent: null }) }, {}, pass],
    ["by hand where the file says so", runbook(), { runbooks: { beyond: "draft_write" } }, byHand],
    ["not looked at", runbook(), { runbooks: { beyond: "none" } }, pass],
    ["what applies cannot be told", { byPeople: true, runbooks: { kind: "unknown", why: "gone" } }, {}, two],
    [
      "undoing",
      {
        ...runbook(),
        plan: {
          ...plan,
          operation: {
            tool: "flag.turn_on",
            restores: plan.reverse,
            because: { kind: "reverse", changeId: "CHG-1" },
          },
        },
      },
      {},
      pass,
    ],
  ],
  blast_radius: [
    ["everybody, by default", moving(100), {}, pass],
    ["above the limit", moving(50.1), { blastRadius: { secondApproverAbovePercent: 50 } }, two],
    ["at the limit", moving(50), { blastRadius: { secondApproverAbovePercent: 50 } }, pass],
    [
      "above what may be",
      moving(90),
      { blastRadius: { denyAbovePercent: 80, secondApproverAbovePercent: 10 } },
      deny,
    ],
  ],
  frozen_window: [
    ["no window", {}, {}, pass],
    [
      "in it",
      at("2026-11-27T15:00:00.000Z"),
      {
        frozenWindows: [
          { ...freeze, from: "2026-11-27T16:00", to: "2026-11-30T08:00", timeZone: "Europe/Berlin" },
        ],
      },
      { ...deny, yieldsToBreakGlass: false },
    ],
    [
      "a minute before it",
      at("2026-11-27T14:59:59.000Z"),
      {
        frozenWindows: [
          { ...freeze, from: "2026-11-27T16:00", to: "2026-11-30T08:00", timeZone: "Europe/Berlin" },
        ],
      },
      pass,
    ],
    [
      "its end is no part of it",
      at("2026-11-30T07:00:00.000Z"),
      {
        frozenWindows: [
          { ...freeze, from: "2026-11-27T16:00", to: "2026-11-30T08:00", timeZone: "Europe/Berlin" },
        ],
      },
      pass,
    ],
    [
      "summer time",
      at("2026-07-01T14:00:00.000Z"),
      {
        frozenWindows: [
          { ...freeze, from: "2026-07-01T16:00", to: "2026-07-01T17:00", timeZone: "Europe/Berlin" },
        ],
      },
      deny,
    ],
    [
      "elsewhere",
      at("2026-11-27T15:00:00.000Z"),
      {
        frozenWindows: [
          { ...freeze, environments: ["staging"], from: "2026-11-27T00:00", to: "2026-11-30T08:00" },
        ],
      },
      pass,
    ],
    [
      "every weekend: Saturday",
      at("2026-11-21T12:00:00.000Z"),
      { frozenWindows: [{ ...freeze, weekly: { from: "fri 16:00", to: "mon 08:00" } }] },
      deny,
    ],
    [
      "every weekend: Monday early",
      at("2026-11-23T07:59:00.000Z"),
      { frozenWindows: [{ ...freeze, weekly: { from: "fri 16:00", to: "mon 08:00" } }] },
      deny,
    ],
    [
      "every weekend: Monday at eight",
      at("2026-11-23T08:00:00.000Z"),
      { frozenWindows: [{ ...freeze, weekly: { from: "fri 16:00", to: "mon 08:00" } }] },
      pass,
    ],
    [
      "weekly, within a day, there",
      {},
      {
        frozenWindows: [
          { ...freeze, weekly: { from: "wed 20:00", to: "wed 22:00" }, timeZone: "Asia/Tokyo" },
        ],
      },
      deny,
    ],
    [
      "weekly, within a day, here",
      {},
      { frozenWindows: [{ ...freeze, weekly: { from: "wed 20:00", to: "wed 22:00" } }] },
      pass,
    ],
    [
      "a window for drafts",
      {},
      {
        frozenWindows: [{ ...freeze, weekly: { from: "mon 00:00", to: "mon 00:00" }, effect: "draft_write" }],
      },
      byHand,
    ],
    [
      "a window that yields",
      {},
      {
        frozenWindows: [
          { ...freeze, weekly: { from: "mon 00:00", to: "mon 00:00" }, yieldsToBreakGlass: true },
        ],
      },
      { ...deny, yieldsToBreakGlass: true },
    ],
    [
      "the strictest of three",
      {},
      {
        frozenWindows: [
          { ...freeze, weekly: { from: "mon 00:00", to: "mon 00:00" }, effect: "draft_write" },
          { ...freeze, weekly: { from: "mon 00:00", to: "mon 00:00" }, yieldsToBreakGlass: true },
          { ...freeze, weekly: { from: "mon 00:00", to: "mon 00:00" } },
        ],
      },
      { ...deny, yieldsToBreakGlass: false },
    ],
    [
      "no flag",
      { plan: null },
      { frozenWindows: [{ ...freeze, weekly: { from: "mon 00:00", to: "mon 00:00" } }] },
      pass,
    ],
  ],
  running_experiment: [
    ["settings as every flag has them", {}, {}, pass],
    ["somebody has chosen who counts", measured, {}, byHand],
    ["a second approver instead", measured, { experiments: { whileRunning: "second_approver" } }, two],
  ],
  pending_change: [
    ["none", {}, {}, pass],
    ["a schedule", schedule("PendingExecution"), {}, byHand],
    ["one that was declined", schedule("Declined"), {}, pass],
    ["unread", { pending: { kind: "unknown", why: "No answer." } }, {}, byHand],
    [
      "unread and denied",
      { pending: { kind: "unknown", why: "No answer." } },
      { pendingChanges: { whileWaiting: "deny" } },
      deny,
    ],
    ["not looked at", schedule("PendingExecution"), { pendingChanges: { whileWaiting: "none" } }, pass],
  ],
  review_queue: [
    ["empty", {}, {}, pass],
    [
      "full",
      { queue: { waiting: 3, oldestSince: wednesdayNoon, slaMisses: 0 } },
      { reviewQueue: { mostWaiting: 2 } },
      { verdict: "unhealthy" },
    ],
    [
      "as full as it may be",
      { queue: { waiting: 2, oldestSince: wednesdayNoon, slaMisses: 0 } },
      { reviewQueue: { mostWaiting: 2 } },
      pass,
    ],
    [
      "one waits too long",
      { queue: { waiting: 1, oldestSince: later(wednesdayNoon, -3_600_001), slaMisses: 0 } },
      { reviewQueue: { longestWait: "1h" } },
      { verdict: "unhealthy" },
    ],
    [
      "too many came too late",
      { queue: { waiting: 0, oldestSince: null, slaMisses: 1 } },
      { reviewQueue: { mostSlaMisses: 0 } },
      { verdict: "unhealthy" },
    ],
    ["of what is in it already", { queue: null }, { reviewQueue: { mostWaiting: 1 } }, pass],
  ],
};

for (const [guardrail, cases] of Object.entries(table)) {
  describe(guardrail, () => {
    test.each(cases)("%s", (_what, facts, rules, expected) => {
      const findings = checkGuardrails(guardFacts(facts), guardrailsWith(rules));
      const found = findings.find((each) => each.guardrail === guardrail);
      expect(found).toMatchObject(expected);
      if (found?.verdict !== "pass") expect(found?.reason).toMatch(/^[A-Z].*\.$/);
      // Whatever one of them finds, the others go on saying the same.
      for (const other of findings)
        if (other !== found) expect([other.guardrail, other.verdict]).toEqual([other.guardrail, "pass"]);
    });
  });
}

test("there is a table for every guardrail, in the order in which they are asked", () => {
  const asked = checkGuardrails(guardFacts(), guardrailsWith()).map(({ guardrail }) => guardrail);
  expect(asked).toEqual(Object.keys(table));
});
