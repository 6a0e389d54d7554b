import { Guardrails } from "../../src/domain/guard/guardrails.ts";
import type { PersonFacts } from "../../src/domain/people.ts";
import type { ActionContract } from "../../src/domain/policy/action-contract.ts";
import { type ControlReading, safeControls } from "../../src/domain/policy/controls.ts";
import type { PolicyInput } from "../../src/domain/policy/decide-action.ts";
import { GovernanceContract } from "../../src/domain/policy/governance-contract.ts";
import { Mode } from "../../src/domain/policy/mode.ts";
import { Roles } from "../../src/domain/policy/roles.ts";
import type { Guard } from "../../src/pipeline/guard/guard.ts";
import { proposalFor } from "./change-fixtures.ts";

/** The guardrails as they stand without being set. */
export const noGuardrails = Guardrails.parse({});

/** Where nothing stands in the way. */
export const noGuard: Guard = async () => ({ findings: [], editors: { userIds: [], unmatched: [] } });

export const homeTeam = "T0SHOP";

export function contractWith(over: Partial<GovernanceContract> = {}): GovernanceContract {
  return {
    ...GovernanceContract.parse({
      tool: "flag.turn_off",
      summary: "Turns a flag off.",
      owner: "release-manager",
      riskClass: "reversible_write",
      reversibility: "automatic",
      defaultMode: "approval_required",
      allowedModes: [...Mode.options],
      hardBoundary: {
        serviceIdentity: "signalman-executor",
        apiScopes: [
          "ToggleFlag",
          "UpdateFlagDefaultRule",
          "UpdateFlagIndividualTargeting",
          "UpdateFlagTargetingRules",
          "UpdateFlagOffVariation",
          "ArchiveFlag",
          "RestoreFlag",
        ],
      },
      runtimeControls: ["signalman-mode", "signalman-denied-tools"],
      approval: {
        reviewers: { default: { roles: ["release-manager", "service-owner"], count: 1 } },
        separationOfDuties: true,
        expiresAfter: "30m",
      },
      evidenceRule: { minimumCitations: 1 },
      rollback: { safestMode: "search_only", owner: "release-manager" },
      lifecycle: { kind: "temporary", reviewAfter: "7d" },
    }),
    ...over,
  };
}

export function controlsWith(over: Partial<ControlReading> = {}): ControlReading {
  return { ...safeControls, mode: "approval_required", evaluations: [], ...over };
}

export function actionWith(over: Partial<ActionContract> = {}): ActionContract {
  return { ...proposalFor().action, ...over };
}

export function policyInput(over: Partial<PolicyInput> = {}): PolicyInput {
  return {
    action: actionWith(),
    governance: contractWith(),
    roles: exampleRoles,
    controls: controlsWith(),
    guardrails: [],
    guardrailRules: noGuardrails,
    editors: { userIds: [], unmatched: [] },
    approvals: [],
    escalatedTo: [],
    brokenGlass: null,
    standing: null,
    ...over,
  };
}

/** Who may do what in the tests; the same shape as governance/roles.yml. */
export const exampleRoles = Roles.parse({
  roles: {
    "release-manager": { groups: ["S0RELEASE"], users: ["U0RITA"], permit: [{ actions: ["*"] }] },
    "service-owner": {
      groups: ["S0CHECKOUT"],
      permit: [
        {
          actions: ["approve", "reject", "acknowledge", "revert", "close", "propose", "mute"],
          tags: ["checkout"],
          risks: ["reversible_write"],
        },
      ],
    },
    "staging-owner": {
      users: ["U0STAN"],
      permit: [{ actions: ["approve", "reject"], environments: ["staging"] }],
    },
    "on-call": {
      groups: ["S0ONCALL"],
      users: ["U0MAYA"],
      permit: [{ actions: ["acknowledge", "reject", "revert", "propose"] }],
    },
    auditor: { users: ["U0ADA"], forbid: [{ actions: ["*"] }] },
    freeze: { groups: ["S0FREEZE"], forbid: [{ actions: ["approve"], environments: ["prod"] }] },
  },
});

export function personWith(over: Partial<PersonFacts> & { userId: string }): PersonFacts {
  return {
    name: over.userId,
    email: null,
    teamId: homeTeam,
    groups: [],
    deleted: false,
    isBot: false,
    isRestricted: false,
    isUltraRestricted: false,
    isStranger: false,
    ...over,
  };
}
