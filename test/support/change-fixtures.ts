import type { ChangeCommand } from "../../src/domain/change/change-command.ts";
import type { Proposal } from "../../src/domain/change/proposal.ts";
import { digestOf } from "../../src/domain/flag/digest.ts";
import type { Flag, FlagSnapshot } from "../../src/domain/flag/flag.ts";
import type { ToolOperation } from "../../src/domain/flag/operation.ts";
import { compile } from "../../src/domain/flag/plan.ts";
import { ChangeId, CorrelationId, IncidentId } from "../../src/domain/ids.ts";
import { ApprovalRequirement, type Decision } from "../../src/domain/policy/decision.ts";

export const changeId = ChangeId.parse("CHG-0000000001");
export const incidentId = IncidentId.parse("INC-0000000001");
export const correlationId = CorrelationId.parse("cor-1");

const hashes = { contractHash: "sha256:contract", rolesHash: "sha256:roles" };

/** A boolean flag that is on for everybody. */
export function onFlag(overrides: Partial<Flag> = {}): Flag {
  return {
    id: "flag-1",
    revision: "rev-1",
    key: "checkout_one_click",
    name: "One-click checkout",
    description: "",
    tags: ["checkout"],
    createdAt: "2026-11-01T00:00:00Z",
    updatedAt: "2026-11-21T00:00:00Z",
    isArchived: false,
    isEnabled: true,
    variationType: "boolean",
    variations: [
      { id: "on", name: "On", value: "true" },
      { id: "off", name: "Off", value: "false" },
    ],
    targetUsers: [],
    rules: [],
    fallthrough: {
      dispatchKey: null,
      includedInExpt: true,
      variations: [{ id: "on", rollout: [0, 1], exptRollout: 1 }],
    },
    exptIncludeAllTargets: true,
    disabledVariationId: "off",
    ...overrides,
  };
}

export function snapshotOf(flag: Flag): FlagSnapshot {
  const ref = { project: "shop", environment: "prod", environmentId: "env-1", key: flag.key };
  return { ref, flag, segments: [] };
}

/** A proposal compiled from a real flag by the real compiler. */
export function proposalFor(
  operation: ToolOperation = { tool: "flag.turn_off" },
  flag: Flag = onFlag(),
  requester: Proposal["action"]["actor"]["requester"] = { kind: "source", sourceId: "alertmanager" },
): Proposal {
  const compiled = compile(operation, snapshotOf(flag));
  if (compiled.kind === "refused") throw new Error(compiled.reason);
  const { plan } = compiled;
  return {
    plan,
    digest: digestOf(plan, hashes),
    ...hashes,
    action: {
      request: correlationId,
      workflow: "incident-response",
      session: incidentId,
      account: "shop",
      actor: { agent: "rules", service: "signalman", requester },
      intent: "turn it off",
      tool: operation.tool,
      target: { ...plan.ref, service: "checkout", tags: flag.tags },
      riskClass: "reversible_write",
      reversibility: "automatic",
      scope: {
        maxMovedPercent: 100,
        targetsMoved: 0,
        segments: [],
        apiScopes: [],
        raisesAuthority: false,
      },
      evidence: { confidence: "high", citations: 2, gaps: 0, coverage: 1, earlierReview: "" },
      fallback: "search_only",
    },
    summary: "Turn checkout_one_click off",
    expected: null,
    temporary: true,
    reviewAfterMs: 7 * 86_400_000,
    lineage: null,
  };
}

const common = {
  mode: "approval_required" as const,
  rule: "test",
  reasons: ["because the test says so"],
  controls: [],
  policyHash: "sha256:policy",
  hardAuthorization: "permitted",
  guardrails: [],
};

export function requirement(count = 1, separationOfDuties = true) {
  return ApprovalRequirement.parse({
    count,
    roles: ["release-manager"],
    separationOfDuties,
    expiresAfterMs: 1_800_000,
  });
}

export const decisions = {
  allow: (count = 1): Decision => ({ kind: "allow", ...common, requirement: requirement(count) }),
  queue: (count = 1): Decision => ({ kind: "queue_for_review", ...common, requirement: requirement(count) }),
  deny: (): Decision => ({ kind: "deny", ...common, mode: "off" }),
  constrain: (): Decision => ({ kind: "constrain", ...common, mode: "draft_write" }),
  fallback: (): Decision => ({ kind: "fallback", ...common, mode: "fallback" }),
};

export function propose(decision: Decision, proposal: Proposal = proposalFor()): ChangeCommand {
  return { command: "propose", incidentId, correlationId, proposal, decision };
}

export function voteCommand(
  proposal: Proposal,
  over: Partial<Extract<ChangeCommand, { command: "vote" }>> = {},
): ChangeCommand {
  return {
    command: "vote",
    vote: "approve",
    voter: { userId: "U0RUTH", name: "Ruth" },
    permission: { kind: "granted", roles: ["release-manager"] },
    rationale: "",
    version: 1,
    digest: proposal.digest,
    decision: decisions.allow(),
    ...over,
  };
}

export function reviseCommand(
  proposal: Proposal,
  over: Partial<Extract<ChangeCommand, { command: "revise" }>> = {},
): ChangeCommand {
  return {
    command: "revise",
    proposal,
    decision: decisions.queue(),
    editor: { userId: "U0MAYA", name: "Maya" },
    changed: ["Off → Serve On while off"],
    rationale: "",
    version: 1,
    digest: proposalFor().digest,
    ...over,
  };
}
