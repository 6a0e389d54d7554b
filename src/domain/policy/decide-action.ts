import { contentHash } from "../ledger/chain.ts";
import type { ActionContract } from "./action-contract.ts";
import type { ControlReading } from "./controls.ts";
import type { Decision } from "./decision.ts";
import { durationMs, reviewRuleFor, type GovernanceContract } from "./governance-contract.ts";
import { authority, lowestMode, type Mode } from "./mode.ts";
import type { Roles } from "./roles.ts";

/** What one guardrail says. `lower` caps the mode; `unhealthy` asks for the contract's safest mode. */
export type GuardrailFinding =
  | { guardrail: string; verdict: "pass" }
  | { guardrail: string; verdict: "deny"; reason: string }
  | { guardrail: string; verdict: "lower"; mode: Mode; reason: string }
  | { guardrail: string; verdict: "unhealthy"; reason: string };

/** A vote that counts if its voter is still who they were: already permitted, already for this digest. */
export interface ValidApproval {
  userId: string;
  roles: string[];
}

export interface PolicyInput {
  action: ActionContract;
  /** The tool's contract, or null when there is none: then nothing may happen. */
  governance: GovernanceContract | null;
  roles: Roles;
  controls: ControlReading;
  guardrails: GuardrailFinding[];
  approvals: ValidApproval[];
}

/**
 * The decision for a write: pure, total, and the only road to `allow`. It is evaluated when drafting, at
 * every vote and again just before the write, each time with what holds then.
 */
export function decideAction(input: PolicyInput): Decision {
  const { action, governance, controls, guardrails } = input;
  const facts = { controls: controls.evaluations, policyHash: policyHash(governance, input.roles) };
  const deny = (rule: string, reason: string): Decision => ({
    kind: "deny",
    mode: "off",
    rule,
    reasons: [reason],
    ...facts,
  });

  if (governance === null) {
    return deny("no_contract", `There is no governance contract for ${action.tool}, so it may not be used.`);
  }
  const boundary = boundaryBroken(action, governance);
  if (boundary !== null) return deny("hard_boundary", boundary);
  const review = reviewRuleFor(governance, action.target.environment);
  if (governance.approval === undefined || review === null) {
    return deny("no_approval_rule", `The contract of ${action.tool} names nobody who could approve it.`);
  }
  if (controls.deniedTools.includes(action.tool)) {
    return deny("denied_tools", `The tool ${action.tool} is on the deny list (signalman-denied-tools).`);
  }
  const denied = guardrails.find((finding) => finding.verdict === "deny");
  if (denied?.verdict === "deny") return deny(`guardrail:${denied.guardrail}`, denied.reason);

  const { mode, rule, reasons } = effectiveMode(input, governance);
  const unhealthy = guardrails.find((finding) => finding.verdict === "unhealthy");
  if (unhealthy?.verdict === "unhealthy") {
    const { safestMode } = governance.rollback;
    // Ill health takes authority away; it never gives back what something else has taken.
    const safest = lowestMode(safestMode, mode);
    const applies =
      safest === safestMode
        ? `The contract's safest mode applies: ${safest}.`
        : `The mode is ${safest}, which is lower than the contract's safest mode.`;
    return {
      kind: "fallback",
      mode: safest,
      rule: `guardrail:${unhealthy.guardrail}`,
      reasons: [unhealthy.reason, applies],
      ...facts,
    };
  }

  if (mode !== "approval_required") return { kind: "constrain", mode, rule, reasons, ...facts };

  const requirement = {
    count: review.count,
    roles: review.roles,
    separationOfDuties: governance.approval.separationOfDuties,
    expiresAfterMs: durationMs(governance.approval.expiresAfter),
  };
  const counted = countApprovals(input.approvals, action, requirement);
  const who = requirement.roles.join(" or ");
  if (counted >= requirement.count) {
    const reason = `${counted} of ${requirement.count} approvals by ${who}.`;
    return { kind: "allow", mode, rule: "approved", reasons: [reason], requirement, ...facts };
  }
  return {
    kind: "queue_for_review",
    mode,
    rule: "approval_needed",
    reasons: [
      `Needs ${requirement.count} approval${requirement.count === 1 ? "" : "s"} by ${who}; has ${counted}.`,
    ],
    requirement,
    ...facts,
  };
}

/** Hash of the parsed rules that a decision was made under; part of every change's digest. */
export function policyHash(governance: GovernanceContract | null, roles: Roles): string {
  return contentHash({ governance, roles });
}

function boundaryBroken(action: ActionContract, governance: GovernanceContract): string | null {
  const { blockedEnvironments, blockedTags } = governance.hardBoundary;
  const { environment, tags } = action.target;
  if (governance.tool !== action.tool) return `The contract is for ${governance.tool}, not ${action.tool}.`;
  if (governance.workflow !== "any" && governance.workflow !== action.workflow) {
    return `The contract of ${action.tool} allows it only in ${governance.workflow}.`;
  }
  if (blockedEnvironments.includes(environment)) {
    return `The contract of ${action.tool} blocks the environment ${environment}.`;
  }
  const tag = tags.find((name) => blockedTags.includes(name));
  if (tag !== undefined) return `The contract of ${action.tool} blocks flags tagged ${tag}.`;
  return null;
}

interface ModeSource {
  mode: Mode;
  rule: string;
  reason: string;
}

/** The lowest of contract, control, evidence and guardrails, brought down to a mode the contract allows. */
function effectiveMode(
  { action, controls, guardrails }: PolicyInput,
  governance: GovernanceContract,
): { mode: Mode; rule: string; reasons: string[] } {
  const { citations } = action.evidence;
  const { minimumCitations } = governance.evidenceRule;
  const sources: ModeSource[] = [
    {
      mode: governance.defaultMode,
      rule: "contract_default_mode",
      reason: `The contract's default mode is ${governance.defaultMode}.`,
    },
    {
      mode: controls.mode,
      rule: "control_mode",
      reason: `The control signalman-mode says ${controls.mode}.`,
    },
    ...(citations < minimumCitations
      ? [
          {
            mode: "draft_write" as const,
            rule: "evidence_rule",
            reason: `The contract asks for ${minimumCitations} cited pieces of evidence and there are ${citations}.`,
          },
        ]
      : []),
    ...guardrails.flatMap((finding) =>
      finding.verdict === "lower"
        ? [{ mode: finding.mode, rule: `guardrail:${finding.guardrail}`, reason: finding.reason }]
        : [],
    ),
  ];
  const lowest = sources.reduce((low, source) =>
    authority(source.mode) < authority(low.mode) ? source : low,
  );
  const mode = allowedAtMost(lowest.mode, governance);
  if (mode === lowest.mode) return { mode, rule: lowest.rule, reasons: [lowest.reason] };
  return {
    mode,
    rule: "contract_allowed_modes",
    reasons: [
      lowest.reason,
      `The contract does not allow ${lowest.mode}; the next lower allowed mode applies.`,
    ],
  };
}

/** The highest mode not above `mode` that the contract allows; `off` is always allowed. */
function allowedAtMost(mode: Mode, { allowedModes }: GovernanceContract): Mode {
  const highest = allowedModes
    .filter((allowed) => authority(allowed) <= authority(mode))
    .toSorted((a, b) => authority(b) - authority(a))[0];
  return highest ?? "off";
}

function countApprovals(
  approvals: ValidApproval[],
  action: ActionContract,
  requirement: { roles: string[]; separationOfDuties: boolean },
): number {
  const { requester } = action.actor;
  const voters = approvals
    .filter((approval) => approval.roles.some((role) => requirement.roles.includes(role)))
    .map((approval) => approval.userId)
    .filter(
      (userId) =>
        !(requirement.separationOfDuties && requester.kind === "person" && requester.userId === userId),
    );
  return new Set(voters).size;
}
