import { describe, expect, test } from "vitest";
import { decideAction, policyHash, type PolicyInput } from "../../../src/domain/policy/decide-action.ts";
import { Decision } from "../../../src/domain/policy/decision.ts";
import type { GovernanceContract } from "../../../src/domain/policy/governance-contract.ts";
import { Mode } from "../../../src/domain/policy/mode.ts";
import {
  actionWith,
  contractWith,
  controlsWith,
  exampleRoles,
  policyInput,
} from "../../support/policy-fixtures.ts";

const rita = { userId: "U0RITA", roles: ["release-manager"] };
const omar = { userId: "U0OMAR", roles: ["service-owner"] };
const approval = (over: Partial<NonNullable<GovernanceContract["approval"]>>) => ({
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
    { guardrails: [{ guardrail: "freeze", verdict: "deny", reason: "frozen" }], approvals: [rita] },
    ["deny", "off", "guardrail:freeze"],
  ],
  [
    "a guardrail that passes",
    { guardrails: [{ guardrail: "budget", verdict: "pass" }], approvals: [rita] },
    ["allow", "approval_required", "approved"],
  ],
  [
    "a guardrail that lowers",
    {
      guardrails: [{ guardrail: "budget", verdict: "lower", mode: "observe", reason: "spent" }],
      approvals: [rita],
    },
    ["constrain", "observe", "guardrail:budget"],
  ],
  [
    "an unhealthy dependency",
    { guardrails: [{ guardrail: "queue", verdict: "unhealthy", reason: "late" }], approvals: [rita] },
    ["fallback", "search_only", "guardrail:queue"],
  ],
  [
    "an unhealthy dependency under a lower control",
    {
      guardrails: [{ guardrail: "queue", verdict: "unhealthy", reason: "late" }],
      controls: controlsWith({ mode: "observe" }),
    },
    ["fallback", "observe", "guardrail:queue"],
  ],
  [
    "an unhealthy dependency and a guardrail that lowers further",
    {
      guardrails: [
        { guardrail: "queue", verdict: "unhealthy", reason: "late" },
        { guardrail: "budget", verdict: "lower", mode: "off", reason: "spent" },
      ],
    },
    ["fallback", "off", "guardrail:queue"],
  ],
  [
    "an unhealthy dependency and a contract that is lower by default",
    {
      guardrails: [{ guardrail: "queue", verdict: "unhealthy", reason: "late" }],
      governance: contractWith({ defaultMode: "observe" }),
    },
    ["fallback", "observe", "guardrail:queue"],
  ],
  [
    "denied and unhealthy",
    {
      guardrails: [
        { guardrail: "queue", verdict: "unhealthy", reason: "late" },
        { guardrail: "freeze", verdict: "deny", reason: "frozen" },
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
      guardrails: [{ guardrail: "queue", verdict: "unhealthy", reason: "late" }],
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
  expect(decision.policyHash).toBe(policyHash(contractWith(), exampleRoles));
  const others = { ...exampleRoles, teamId: "T0OTHER" };
  expect(policyHash(contractWith(), others)).not.toBe(decision.policyHash);
  expect(policyHash(contractWith({ owner: "somebody else" }), exampleRoles)).not.toBe(decision.policyHash);
});
