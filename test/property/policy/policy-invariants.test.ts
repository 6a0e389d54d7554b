import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideAction, type PolicyInput } from "../../../src/domain/policy/decide-action.ts";
import type { GuardrailFinding } from "../../../src/domain/policy/guardrail.ts";
import type { ValidApproval } from "../../../src/domain/policy/requirement.ts";
import { Decision } from "../../../src/domain/policy/decision.ts";
import { ApprovalRule, type GovernanceContract } from "../../../src/domain/policy/governance-contract.ts";
import { authority, Mode } from "../../../src/domain/policy/mode.ts";
import {
  type Grant,
  permissionFor,
  PersonAction,
  Roles,
  type Target,
} from "../../../src/domain/policy/roles.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import {
  actionWith,
  contractWith,
  controlsWith,
  homeTeam,
  personWith,
  policyInput,
} from "../../support/policy-fixtures.ts";

const mode = fc.constantFrom(...Mode.options);
/** Mostly the highest, so that what lies behind is reached too. */
const highMode = fc.oneof({ weight: 4, arbitrary: fc.constant<Mode>("approval_required") }, mode);
const person = fc.constantFrom("U1", "U2", "U3", "U4");
const role = fc.constantFrom("release-manager", "service-owner", "on-call");
const environment = fc.oneof(fc.constantFrom("prod", "staging", "default"), fc.string());

const approval: fc.Arbitrary<ValidApproval> = fc.record({
  userId: person,
  roles: fc.array(role, { maxLength: 2 }),
});
const guardrail: fc.Arbitrary<GuardrailFinding> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<GuardrailFinding>({ guardrail: "g", evidence: [], verdict: "pass" }) },
  fc.constant<GuardrailFinding>({
    guardrail: "g",
    evidence: [],
    verdict: "deny",
    reason: "no",
    yieldsToBreakGlass: false,
  }),
  mode.map((mode): GuardrailFinding => ({
    guardrail: "g",
    evidence: [],
    verdict: "lower",
    mode,
    reason: "less",
  })),
  fc.constant<GuardrailFinding>({ guardrail: "g", evidence: [], verdict: "unhealthy", reason: "ill" }),
  fc.constant<GuardrailFinding>({
    guardrail: "g",
    evidence: [],
    verdict: "deny",
    reason: "frozen",
    yieldsToBreakGlass: true,
  }),
  fc.constantFrom(1, 2, 3).map((count): GuardrailFinding => ({
    guardrail: "g",
    evidence: [],
    verdict: "more_approvers",
    count,
    reason: "more",
  })),
);
const rule = fc.record({
  roles: fc.uniqueArray(role, { minLength: 1 }),
  count: fc.integer({ min: 1, max: 3 }),
});
const governance: fc.Arbitrary<GovernanceContract> = fc
  .record({
    tool: fc.constantFrom("flag.turn_off", "flag.turn_off", "flag.turn_off", "flag.turn_on"),
    workflow: fc.constantFrom<GovernanceContract["workflow"][]>(
      "any",
      "any",
      "incident-response",
      "human-request",
    ),
    defaultMode: highMode,
    allowedModes: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Mode[]>([...Mode.options]) },
      fc.uniqueArray(mode, { minLength: 1 }),
    ),
    safestMode: mode,
    blockedEnvironments: fc.array(environment, { maxLength: 1 }),
    reviewers: fc.option(fc.record({ default: rule, prod: rule }, { requiredKeys: ["default"] }), {
      freq: 20,
    }),
    separationOfDuties: fc.boolean(),
    mayBreakGlass: fc.boolean(),
    minimumCitations: fc.constantFrom(0, 1, 2, 3),
  })
  .map((one) => {
    const contract = contractWith();
    return {
      ...contract,
      tool: one.tool,
      workflow: one.workflow,
      defaultMode: one.defaultMode,
      allowedModes: one.allowedModes,
      rollback: { ...contract.rollback, safestMode: one.safestMode },
      hardBoundary: { ...contract.hardBoundary, blockedEnvironments: one.blockedEnvironments },
      approval:
        one.reviewers === null
          ? undefined
          : ApprovalRule.parse({
              reviewers: { ...one.reviewers },
              separationOfDuties: one.separationOfDuties,
              expiresAfter: "30m",
              ...(one.mayBreakGlass && { breakGlass: { roles: ["on-call"], validFor: "15m" } }),
            }),
      evidenceRule: { minimumCitations: one.minimumCitations },
    };
  });
const input: fc.Arbitrary<PolicyInput> = fc
  .record({
    governance: fc.option(governance, { freq: 20 }),
    mode: highMode,
    deniedTools: fc.nat(5).map((roll): string[] => (roll === 0 ? ["flag.turn_off"] : [])),
    guardrails: fc.array(guardrail, { maxLength: 2 }),
    approvals: fc.array(approval, { maxLength: 4 }),
    environment,
    requester: fc.option(person),
  })
  .map((one) => {
    const action = actionWith();
    const requester =
      one.requester === null
        ? { kind: "source" as const, sourceId: "alertmanager" }
        : { kind: "person" as const, userId: one.requester, name: one.requester };
    return policyInput({
      governance: one.governance,
      controls: controlsWith({ mode: one.mode, deniedTools: one.deniedTools }),
      guardrails: one.guardrails,
      approvals: one.approvals,
      action: {
        ...action,
        actor: { ...action.actor, requester },
        target: { ...action.target, environment: one.environment },
      },
    });
  });

/** From nothing to doing it: the mode, and above all of them the vote that is asked for and the permission. */
function rank(decision: Decision): number {
  if (decision.kind === "allow") return 100;
  if (decision.kind === "queue_for_review") return 50;
  return decision.kind === "deny" ? -1 : authority(decision.mode);
}

describe("policy's decision", () => {
  test("is allow only where every source says approval_required and enough fitting people said yes", () => {
    let allowed = 0;
    fc.assert(
      fc.property(input, (given) => {
        const decision = decideAction(given);
        if (decision.kind !== "allow") return;
        allowed += 1;
        const { governance, controls, action } = given;
        if (governance?.approval === undefined) throw new Error("allowed without an approval rule");
        expect(controls.mode).toBe("approval_required");
        expect(governance.defaultMode).toBe("approval_required");
        expect(governance.allowedModes).toContain("approval_required");
        expect(controls.deniedTools).not.toContain(action.tool);
        expect(governance.hardBoundary.blockedEnvironments).not.toContain(action.target.environment);
        for (const finding of given.guardrails) {
          expect(
            finding.verdict === "pass" ||
              finding.verdict === "more_approvers" ||
              (finding.verdict === "lower" && finding.mode === "approval_required"),
          ).toBe(true);
        }
        const { reviewers, separationOfDuties } = governance.approval;
        const named = Object.entries(reviewers).find(([key]) => key === action.target.environment);
        const asked = named?.[1] ?? reviewers["default"];
        const { requester } = action.actor;
        const people = new Set(
          given.approvals
            .filter((vote) => vote.roles.some((held) => asked?.roles.includes(held)))
            .map((vote) => vote.userId)
            .filter((id) => !(separationOfDuties && requester.kind === "person" && requester.userId === id)),
        );
        const more = given.guardrails.map((each) => (each.verdict === "more_approvers" ? each.count : 0));
        const needed = Math.max(asked?.count ?? Number.POSITIVE_INFINITY, ...more);
        expect(people.size).toBeGreaterThanOrEqual(needed);
      }),
      seeded("policy: when it allows", 6000),
    );
    expect(allowed).toBeGreaterThan(100);
  });

  test("is never higher with one more guardrail, a lower control, one more denied tool or one vote less", () => {
    let lowered = 0;
    fc.assert(
      fc.property(input, guardrail, mode, fc.nat(3), (given, more, control, index) => {
        const before = rank(decideAction(given));
        const lowerControl =
          authority(control) < authority(given.controls.mode) ? control : given.controls.mode;
        const weaker: PolicyInput[] = [
          { ...given, guardrails: [...given.guardrails, more] },
          { ...given, guardrails: [more, ...given.guardrails] },
          { ...given, controls: { ...given.controls, mode: lowerControl } },
          { ...given, controls: { ...given.controls, deniedTools: ["flag.turn_off"] } },
          { ...given, approvals: given.approvals.filter((_, at) => at !== index) },
          { ...given, governance: null },
        ];
        for (const each of weaker) {
          const after = rank(decideAction(each));
          expect(after).toBeLessThanOrEqual(before);
          if (after < before) lowered += 1;
        }
      }),
      seeded("policy: never higher", 4000),
    );
    expect(lowered).toBeGreaterThan(1000);
  });

  test("is always there and always what its schema says, whatever the input", () => {
    fc.assert(
      fc.property(input, (given) => {
        const decision = decideAction(given);
        expect(Decision.parse(decision)).toEqual(decision);
        expect(decision.reasons.length).toBeGreaterThan(0);
        expect(decideAction(given)).toEqual(decision);
        if (decision.kind === "constrain" && given.governance !== null) {
          expect([...given.governance.allowedModes, "off"]).toContain(decision.mode);
        }
      }),
      seeded("policy: total", 3000),
    );
  });
});

const groups = ["S0AAA", "S0BBB"];
const users = ["U0AAA", "U0BBB"];
const grant = fc.record({
  actions: fc.uniqueArray(fc.constantFrom("*" as const, ...PersonAction.options), {
    minLength: 1,
    maxLength: 3,
  }),
  projects: fc.constantFrom(["*"], ["shop"]),
  environments: fc.constantFrom(["*"], ["prod"], ["staging"]),
  tags: fc.constantFrom(["*"], ["checkout"]),
  risks: fc.constantFrom<Grant["risks"][]>(["*"], ["reversible_write"]),
});
const roles: fc.Arbitrary<Roles> = fc
  .dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.record({
      groups: fc.subarray(groups),
      users: fc.subarray(users),
      permit: fc.array(grant, { maxLength: 2 }),
      forbid: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(grant, { maxLength: 1 })),
    }),
  )
  .map((of) => Roles.parse({ roles: of }));
const target: fc.Arbitrary<Target> = fc.record({
  project: fc.constantFrom("shop", "lab"),
  environment: fc.constantFrom("prod", "staging"),
  tags: fc.constantFrom([], ["checkout"], ["search"]),
  risk: fc.constantFrom("reversible_write", "irreversible"),
});
const facts = fc
  .record({ userId: fc.constantFrom(...users, "U0CCC"), groups: fc.subarray(groups) })
  .map((who) => personWith(who));
const action = fc.constantFrom(...PersonAction.options);

describe("a person's permission", () => {
  test("goes where anything of theirs forbids it, and nobody without a role ever has one", () => {
    let taken = 0;
    fc.assert(
      fc.property(roles, facts, action, target, (given, who, what, where) => {
        const before = permissionFor(who, what, where, given, homeTeam).kind;
        const forbidden = { ...given.roles, zz: forbids(who.userId, what) };
        expect(permissionFor(who, what, where, { ...given, roles: forbidden }, homeTeam).kind).toBe(
          "refused",
        );
        if (before === "granted") taken += 1;
        const nobody = personWith({ userId: "U0NOBODY" });
        expect(permissionFor(nobody, what, where, given, homeTeam).kind).toBe("refused");
        const guest = { ...who, isUltraRestricted: true };
        expect(permissionFor(guest, what, where, given, homeTeam).kind).toBe("refused");
      }),
      seeded("roles: forbid beats permit", 3000),
    );
    expect(taken).toBeGreaterThan(200);
  });

  test("is never gained by taking a grant or a membership away, nor lost by taking a forbid away", () => {
    let lost = 0;
    fc.assert(
      fc.property(roles, facts, action, target, fc.nat(2), (given, who, what, where, index) => {
        const ask = (of: Roles["roles"], as = who) =>
          permissionFor(as, what, where, { ...given, roles: of }, homeTeam).kind === "granted";
        const before = ask(given.roles);
        for (const [name, one] of Object.entries(given.roles)) {
          const fewer = {
            ...given.roles,
            [name]: { ...one, permit: one.permit.filter((_, at) => at !== index) },
          };
          if (ask(fewer)) expect(before).toBe(true);
          else if (before) lost += 1;
          const freer = { ...given.roles, [name]: { ...one, forbid: [] } };
          if (before) expect(ask(freer)).toBe(true);
        }
        const forbidding = Object.values(given.roles).some((one) => one.forbid.length > 0);
        if (!forbidding && ask(given.roles, { ...who, groups: [] })) expect(before).toBe(true);
      }),
      seeded("roles: never gained by removal", 6000),
    );
    expect(lost).toBeGreaterThan(100);
  });
});

function forbids(userId: string, what: PersonAction): Roles["roles"][string] {
  const everywhere = { projects: ["*"], environments: ["*"], tags: ["*"], risks: ["*" as const] };
  return {
    description: "",
    groups: [],
    users: [userId],
    permit: [],
    forbid: [{ actions: [what], ...everywhere }],
  };
}
