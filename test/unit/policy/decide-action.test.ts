import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { decideAction, policyHash, type PolicyInput } from "../../../src/domain/policy/decide-action.ts";
import { Decision } from "../../../src/domain/policy/decision.ts";
import { ApprovalRule, type GovernanceContract } from "../../../src/domain/policy/governance-contract.ts";
import { Mode } from "../../../src/domain/policy/mode.ts";
import {
  actionWith,
  contractWith,
  controlsWith,
  exampleRoles,
  noGuardrails,
  policyInput,
} from "../../support/policy-fixtures.ts";

const rita = { userId: "U0RITA", roles: ["release-manager"] };
const omar = { userId: "U0OMAR", roles: ["service-owner"] };
const approval = (over: Partial<z.input<typeof ApprovalRule>>) =>
  ApprovalRule.parse({
    reviewers: { default: { roles: ["release-manager", "service-owner"], count: 1 } },
    separationOfDuties: true,
    expiresAfter: "30m",
    ...over,
  });
const by = (userId: string) => ({ kind: "person" as const, userId, name: userId });
const asking = (userId: string) =>
  actionWith({ actor: { agent: "", service: "signalman", requester: by(userId) } });

/** Input, and what must come out: kind, mode and the rule that settled it. */
const cases: [string, Partial<PolicyInput>, [Decision["kind"], Mode, rule: string]][] = [
  ["no approval yet", {}, ["queue_for_review", "approval_required", "approval_needed"]],
  ["one approval of one", { approvals: [rita] }, ["allow", "approval_required", "approved"]],
  ["no contract", { governance: null, approvals: [rita] }, ["deny", "off", "no_contract"]],
  [
    "the contract of another tool",
    { governance: contractWith({ tool: "flag.turn_on" }), approvals: [rita] },
    ["deny", "off", "hard_boundary"],
  ],
  [
    "the contract of another workflow",
    { governance: contractWith({ workflow: "human-request" }), approvals: [rita] },
    ["deny", "off", "hard_boundary"],
  ],
  [
    "the contract of this workflow",
    { governance: contractWith({ workflow: "incident-response" }), approvals: [rita] },
    ["allow", "approval_required", "approved"],
  ],
  [
    "a blocked environment",
    { governance: bounded({ blockedEnvironments: ["prod"] }), approvals: [rita] },
    ["deny", "off", "hard_boundary"],
  ],
  [
    "a blocked tag",
    { governance: bounded({ blockedTags: ["x", "checkout"] }), approvals: [rita] },
    ["deny", "off", "hard_boundary"],
  ],
  [
    "blocked elsewhere only",
    { governance: bounded({ blockedEnvironments: ["staging"], blockedTags: ["x"] }), approvals: [rita] },
    ["allow", "approval_required", "approved"],
  ],
  [
    "a tool on the deny list",
    { controls: controlsWith({ deniedTools: ["flag.turn_off"] }), approvals: [rita] },
    ["deny", "off", "denied_tools"],
  ],
  [
    "another tool on the deny list",
    { controls: controlsWith({ deniedTools: ["flag.turn_on"] }), approvals: [rita] },
    ["allow", "approval_required", "approved"],
  ],
  [
    "a guardrail that denies",
    {
      guardrails: [
        { guardrail: "freeze", evidence: [], verdict: "deny", reason: "frozen", yieldsToBreakGlass: false },
      ],
      approvals: [rita],
    },
    ["deny", "off", "guardrail:freeze"],
  ],
  [
    "a guardrail that passes",
    { guardrails: [{ guardrail: "budget", evidence: [], verdict: "pass" }], approvals: [rita] },
    ["allow", "approval_required", "approved"],
  ],
  [
    "a guardrail that lowers",
    {
      guardrails: [{ guardrail: "budget", evidence: [], verdict: "lower", mode: "observe", reason: "spent" }],
      approvals: [rita],
    },
    ["constrain", "observe", "guardrail:budget"],
  ],
  [
    "an unhealthy dependency",
    {
      guardrails: [{ guardrail: "queue", evidence: [], verdict: "unhealthy", reason: "late" }],
      approvals: [rita],
    },
    ["fallback", "search_only", "guardrail:queue"],
  ],
  [
    "an unhealthy dependency under a lower control",
    {
      guardrails: [{ guardrail: "queue", evidence: [], verdict: "unhealthy", reason: "late" }],
      controls: controlsWith({ mode: "observe" }),
    },
    ["fallback", "observe", "guardrail:queue"],
  ],
  [
    "an unhealthy dependency and a guardrail that lowers further",
    {
      guardrails: [
        { guardrail: "queue", evidence: [], verdict: "unhealthy", reason: "late" },
        { guardrail: "budget", evidence: [], verdict: "lower", mode: "off", reason: "spent" },
      ],
    },
    ["fallback", "off", "guardrail:queue"],
  ],
  [
    "an unhealthy dependency and a contract that is lower by default",
    {
      guardrails: [{ guardrail: "queue", evidence: [], verdict: "unhealthy", reason: "late" }],
      governance: contractWith({ defaultMode: "observe" }),
    },
    ["fallback", "observe", "guardrail:queue"],
  ],
  [
    "denied and unhealthy",
    {
      guardrails: [
        { guardrail: "queue", evidence: [], verdict: "unhealthy", reason: "late" },
        { guardrail: "freeze", evidence: [], verdict: "deny", reason: "frozen", yieldsToBreakGlass: false },
      ],
    },
    ["deny", "off", "guardrail:freeze"],
  ],
  ...Mode.options
    .filter((mode) => mode !== "approval_required")
    .map((mode): (typeof cases)[number] => [
      `the control says ${mode}`,
      { controls: controlsWith({ mode }), approvals: [rita] },
      ["constrain", mode, "control_mode"],
    ]),
  ...Mode.options
    .filter((mode) => mode !== "approval_required")
    .map((mode): (typeof cases)[number] => [
      `the contract's default is ${mode}`,
      { governance: contractWith({ defaultMode: mode }), approvals: [rita] },
      ["constrain", mode, "contract_default_mode"],
    ]),
  [
    "a mode that the contract does not allow",
    {
      governance: contractWith({ allowedModes: ["off", "fallback", "approval_required"] }),
      controls: controlsWith({ mode: "draft_write" }),
    },
    ["constrain", "fallback", "contract_allowed_modes"],
  ],
  [
    "no lower mode that the contract allows",
    {
      governance: contractWith({ allowedModes: ["approval_required"] }),
      controls: controlsWith({ mode: "draft_write" }),
    },
    ["constrain", "off", "contract_allowed_modes"],
  ],
  [
    "a contract without an approval rule",
    { governance: contractWith({ approval: undefined }), approvals: [rita] },
    ["deny", "off", "no_approval_rule"],
  ],
  [
    "a contract without an approval rule, under a lower control",
    { governance: contractWith({ approval: undefined }), controls: controlsWith({ mode: "observe" }) },
    ["deny", "off", "no_approval_rule"],
  ],
  [
    "too few citations under a lower control",
    {
      governance: contractWith({ evidenceRule: { minimumCitations: 3 } }),
      controls: controlsWith({ mode: "observe" }),
    },
    ["constrain", "observe", "control_mode"],
  ],
  [
    "too few citations and an unhealthy dependency",
    {
      governance: contractWith({
        evidenceRule: { minimumCitations: 3 },
        rollback: { safestMode: "approval_required", owner: "release-manager" },
      }),
      guardrails: [{ guardrail: "queue", evidence: [], verdict: "unhealthy", reason: "late" }],
    },
    ["fallback", "draft_write", "guardrail:queue"],
  ],
  [
    "too few citations",
    { governance: contractWith({ evidenceRule: { minimumCitations: 3 } }), approvals: [rita] },
    ["constrain", "draft_write", "evidence_rule"],
  ],
  [
    "too few citations where drafts are not allowed either",
    {
      governance: contractWith({
        evidenceRule: { minimumCitations: 3 },
        allowedModes: ["search_only", "approval_required"],
      }),
    },
    ["constrain", "search_only", "contract_allowed_modes"],
  ],
  [
    "the environment's own rule",
    {
      governance: contractWith({
        approval: approval({
          reviewers: {
            prod: { roles: ["release-manager"], count: 2 },
            default: { roles: ["release-manager"], count: 1 },
          },
        }),
      }),
      approvals: [rita],
    },
    ["queue_for_review", "approval_required", "approval_needed"],
  ],
  [
    "an environment named like a property of every object",
    { action: inEnvironment("constructor"), approvals: [rita] },
    ["allow", "approval_required", "approved"],
  ],
];

function bounded(over: Partial<GovernanceContract["hardBoundary"]>): GovernanceContract {
  const contract = contractWith();
  return { ...contract, hardBoundary: { ...contract.hardBoundary, ...over } };
}

function inEnvironment(environment: string): PolicyInput["action"] {
  const action = actionWith();
  return { ...action, target: { ...action.target, environment } };
}

test.each(cases)("%s", (_, over, [kind, mode, rule]) => {
  const decision = decideAction(policyInput(over));
  expect({ kind: decision.kind, mode: decision.mode, rule: decision.rule }).toEqual({ kind, mode, rule });
  expect(decision.reasons.length).toBeGreaterThan(0);
  expect(decision.reasons.join(" ")).not.toMatch(/undefined|NaN/);
  expect(Decision.parse(decision)).toEqual(decision);
});

const kindWith = (over: Partial<PolicyInput>) => decideAction(policyInput(over)).kind;

describe("approvals that count", () => {
  const two = contractWith({
    approval: approval({ reviewers: { default: { roles: ["release-manager", "service-owner"], count: 2 } } }),
  });

  test("are of different people", () => {
    expect(kindWith({ governance: two, approvals: [rita, rita] })).toBe("queue_for_review");
    expect(kindWith({ governance: two, approvals: [rita, { ...rita, roles: ["service-owner"] }] })).toBe(
      "queue_for_review",
    );
    expect(kindWith({ governance: two, approvals: [rita, omar] })).toBe("allow");
  });

  test("are of people with one of the roles asked for", () => {
    expect(kindWith({ approvals: [{ userId: "U0MAYA", roles: ["on-call"] }] })).toBe("queue_for_review");
    expect(kindWith({ approvals: [{ userId: "U0MAYA", roles: [] }] })).toBe("queue_for_review");
    expect(kindWith({ approvals: [{ userId: "U0MAYA", roles: ["on-call", "service-owner"] }] })).toBe(
      "allow",
    );
  });

  test("are not the requester's own, where duties are separated", () => {
    expect(kindWith({ action: asking("U0RITA"), approvals: [rita] })).toBe("queue_for_review");
    expect(kindWith({ action: asking("U0RITA"), approvals: [rita, omar] })).toBe("allow");
    const alone = contractWith({ approval: approval({ separationOfDuties: false }) });
    expect(kindWith({ action: asking("U0RITA"), governance: alone, approvals: [rita] })).toBe("allow");
  });
});

test("the requirement is what the contract says for this environment", () => {
  const governance = contractWith({
    approval: approval({
      expiresAfter: "2h",
      separationOfDuties: false,
      reviewers: {
        prod: { roles: ["release-manager"], count: 2 },
        default: { roles: ["service-owner"], count: 1 },
      },
    }),
  });
  expect(decideAction(policyInput({ governance }))).toMatchObject({
    requirement: {
      count: 2,
      roles: ["release-manager"],
      separationOfDuties: false,
      expiresAfterMs: 7_200_000,
    },
  });
  expect(decideAction(policyInput({ governance, action: inEnvironment("staging") }))).toMatchObject({
    requirement: { count: 1, roles: ["service-owner"] },
  });
});

test("the decision names the controls it was made with and the rules it was made under", () => {
  const evaluations = [{ key: "signalman-mode", value: "approval_required", reason: "fallthrough" }];
  const decision = decideAction(policyInput({ controls: controlsWith({ evaluations }) }));
  expect(decision.controls).toEqual(evaluations);
  expect(decision.policyHash).toBe(policyHash(contractWith(), exampleRoles, noGuardrails));
  const others = { ...exampleRoles, teamId: "T0OTHER" };
  expect(policyHash(contractWith(), others, noGuardrails)).not.toBe(decision.policyHash);
  expect(policyHash(contractWith({ owner: "somebody else" }), exampleRoles, noGuardrails)).not.toBe(
    decision.policyHash,
  );
});

const editors = (userIds: string[], unmatched: string[] = []) => ({ userIds, unmatched });

describe("beyond a plain quorum", () => {
  const glass = { name: "Rita", roles: ["release-manager"] };
  const pressing = contractWith({
    approval: approval({
      reviewers: { default: { roles: ["release-manager", "service-owner"], count: 2 } },
      breakGlass: { roles: ["release-manager"], validFor: "15m" },
      standing: { longest: "8h", mostUses: 3 },
    }),
  });
  const standing = { id: "STA-0000000001", by: "Rita" };

  test("a permitted person's emergency stands for the quorum, and for nobody whom the contract does not name", () => {
    expect(decideAction(policyInput({ governance: pressing, brokenGlass: glass }))).toMatchObject({
      kind: "allow",
      rule: "break_glass",
    });
    const other = { name: "Omar", roles: ["service-owner"] };
    expect(kindWith({ governance: pressing, brokenGlass: other })).toBe("queue_for_review");
    expect(kindWith({ brokenGlass: glass })).toBe("queue_for_review");
  });

  test("an emergency goes before what yields to one, and before nothing else", () => {
    const deny = { guardrail: "g", evidence: [], verdict: "deny" as const, reason: "no" };
    const under = (yieldsToBreakGlass: boolean, over: Partial<PolicyInput> = {}) =>
      kindWith({
        governance: pressing,
        brokenGlass: glass,
        guardrails: [{ ...deny, yieldsToBreakGlass }],
        ...over,
      });
    expect(under(true)).toBe("allow");
    expect(under(false)).toBe("deny");
    expect(under(true, { governance: contractWith() })).toBe("deny");
    expect(under(true, { controls: controlsWith({ mode: "search_only" }) })).toBe("constrain");
  });

  test("a standing approval counts where FeatBit lets it, the contract knows it and nobody is strict", () => {
    const free = controlsWith({ approvalRequired: false });
    expect(decideAction(policyInput({ governance: pressing, standing, controls: free }))).toMatchObject({
      kind: "allow",
      rule: "standing_approval",
    });
    expect(kindWith({ governance: pressing, standing })).toBe("queue_for_review");
    expect(kindWith({ standing, controls: free })).toBe("queue_for_review");
  });

  test("no change of a flag reaches Signalman's own controls, whatever they are tagged and whoever approves", () => {
    const target = { ...actionWith().target, key: "signalman-mode", tags: [] };
    const input = { action: actionWith({ target }), approvals: [rita] };
    expect(decideAction(policyInput(input))).toMatchObject({ kind: "deny", rule: "hard_boundary" });
  });

  test("a drafter answers with evidence for what a person had it look into, and a person with their name", () => {
    const asked = { kind: "person" as const, userId: "U0MAYA", name: "Maya" };
    const evidence = { confidence: "high" as const, citations: 0, gaps: 0, coverage: 1, earlierReview: "" };
    const governance = contractWith({ evidenceRule: { minimumCitations: 1 } });
    const decided = (agent: string) => {
      const actor = { agent, service: "signalman", requester: asked };
      const action = actionWith({ workflow: "human-request", actor, evidence });
      return decideAction(policyInput({ action, governance, approvals: [rita] }));
    };
    expect(decided("rules")).toMatchObject({ kind: "constrain", rule: "evidence_rule" });
    expect(decided("").kind).toBe("allow");
  });

  test("a standing approval says nothing of what asks for more people, or for a statement, here and now", () => {
    const controls = controlsWith({ approvalRequired: false });
    const more = {
      guardrail: "g",
      evidence: [],
      verdict: "more_approvers" as const,
      count: 3,
      reason: "wide",
    };
    const stated = { statement: "Nothing reads it.", whenNeeding: ["UpdateFlag"] };
    const action = actionWith({ scope: { ...actionWith().scope, apiScopes: ["UpdateFlag"] } });
    const hardBoundary = { ...pressing.hardBoundary, apiScopes: ["UpdateFlag"] };
    const covered = { governance: pressing, standing, controls };
    expect(kindWith({ ...covered, guardrails: [more] })).toBe("queue_for_review");
    expect(kindWith({ ...covered, editors: editors([], ["somebody"]) })).toBe("queue_for_review");
    expect(kindWith({ ...covered, action, governance: { ...pressing, hardBoundary } })).toBe("allow");
    expect(
      kindWith({ ...covered, action, governance: { ...pressing, hardBoundary, attestation: stated } }),
    ).toBe("queue_for_review");
  });

  test("a recent editor cannot be the only approver, and one that nobody can tell costs one more", () => {
    expect(kindWith({ approvals: [rita], editors: editors(["U0RITA"]) })).toBe("queue_for_review");
    expect(kindWith({ approvals: [rita, omar], editors: editors(["U0RITA"]) })).toBe("allow");
    expect(kindWith({ approvals: [rita], editors: editors([], ["bot"]) })).toBe("queue_for_review");
    expect(kindWith({ approvals: [rita, omar], editors: editors([], ["bot"]) })).toBe("allow");
  });

  test("a guardrail may ask for more approvers, an escalation brings in more roles, some roles must be among them", () => {
    const more = {
      guardrail: "blast_radius",
      evidence: [],
      verdict: "more_approvers" as const,
      count: 2,
      reason: "wide",
    };
    expect(kindWith({ approvals: [rita], guardrails: [more] })).toBe("queue_for_review");
    expect(kindWith({ approvals: [rita, omar], guardrails: [more] })).toBe("allow");
    const oncall = { userId: "U0MAYA", roles: ["on-call"] };
    expect(kindWith({ approvals: [oncall] })).toBe("queue_for_review");
    expect(kindWith({ approvals: [oncall], escalatedTo: ["on-call"] })).toBe("allow");
    const both = contractWith({
      approval: approval({
        reviewers: { default: { roles: ["release-manager"], count: 1, requiredRoles: ["service-owner"] } },
      }),
    });
    expect(kindWith({ governance: both, approvals: [rita] })).toBe("queue_for_review");
    expect(kindWith({ governance: both, approvals: [rita, omar] })).toBe("allow");
  });

  test("what the contract does not grant of the flag platform is out of bounds", () => {
    const action = actionWith({ scope: { ...actionWith().scope, apiScopes: ["DeleteFlag"] } });
    expect(decideAction(policyInput({ action }))).toMatchObject({
      kind: "deny",
      rule: "hard_boundary",
      hardAuthorization: expect.stringContaining("DeleteFlag"),
    });
  });

  test("an override is named as what lowered the mode or denied the tool", () => {
    const lowered = [
      { kind: "mode" as const, rule: "override_mode", reason: "Ruth paused it", mode: "off" as const },
    ];
    expect(decideAction(policyInput({ controls: controlsWith({ mode: "off", lowered }) }))).toMatchObject({
      kind: "constrain",
      mode: "off",
      rule: "override_mode",
      reasons: ["Ruth paused it"],
    });
    const denied = [
      { kind: "deny_tool" as const, rule: "override_deny", reason: "Ruth denied it", tool: "flag.turn_off" },
    ];
    expect(decideAction(policyInput({ controls: controlsWith({ lowered: denied }) }))).toMatchObject({
      kind: "deny",
      rule: "override_deny",
    });
  });

  test("of tools that change no flag the contract says which use needs approval", () => {
    const contract = contractWith({
      tool: "mode.override",
      riskClass: "admin_action",
      runtimeControls: [],
      approval: approval({ requiredFor: "raising_authority" }),
    });
    const ask = (raisesAuthority: boolean, over: Partial<PolicyInput> = {}) =>
      decideAction(
        policyInput({
          action: actionWith({ tool: "mode.override", scope: { ...actionWith().scope, raisesAuthority } }),
          governance: contract,
          controls: controlsWith({ mode: "off", deniedTools: ["mode.override"] }),
          ...over,
        }),
      );
    expect(ask(false)).toMatchObject({ kind: "allow", rule: "needs_no_approval", requirement: { count: 0 } });
    expect(ask(true).kind).toBe("queue_for_review");
    expect(ask(true, { approvals: [rita] }).kind).toBe("allow");
    const careless = { ...contract, approval: approval({ requiredFor: "no_use" }) };
    expect(ask(true, { governance: careless }).kind).toBe("queue_for_review");
    const flagTool = contractWith({ approval: approval({ requiredFor: "no_use" }) });
    expect(kindWith({ governance: flagTool })).toBe("queue_for_review");
  });
});
