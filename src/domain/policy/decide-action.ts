import type { Guardrails } from "../guard/guardrails.ts";
import { Tool } from "../flag/operation.ts";
import { contentHash } from "../ledger/chain.ts";
import type { ActionContract } from "./action-contract.ts";
import { isControlKey } from "./control-flags.ts";
import type { ControlReading } from "./controls.ts";
import type { Decision } from "./decision.ts";
import { type ApprovalRule, type GovernanceContract, reviewRuleFor } from "./governance-contract.ts";
import type { GuardrailFinding } from "./guardrail.ts";
import { authority, lowestMode, type Mode } from "./mode.ts";
import { countApprovals, type RecentEditors, requirementOf, type ValidApproval } from "./requirement.ts";
import type { Roles } from "./roles.ts";

/** One person's word that this is an emergency; already permitted, already for this digest. */
export interface BrokenGlass {
  name: string;
  roles: string[];
}

/** A live standing approval whose bounds contain the plan. */
export interface CoveringApproval {
  id: string;
  /** Who granted it, in words. */
  by: string;
}

export interface PolicyInput {
  action: ActionContract;
  /** The tool's contract, or null when there is none: then nothing may happen. */
  governance: GovernanceContract | null;
  roles: Roles;
  controls: ControlReading;
  guardrails: GuardrailFinding[];
  /** What the findings were made under. */
  guardrailRules: Guardrails;
  editors: RecentEditors;
  approvals: ValidApproval[];
  /** Roles that an escalation has brought in so far. */
  escalatedTo: readonly string[];
  brokenGlass: BrokenGlass | null;
  standing: CoveringApproval | null;
}

/**
 * The decision for a write: pure, total, and the only road to `allow`. It is evaluated when drafting, at
 * every vote and again just before the write, each time with what holds then.
 */
export function decideAction(input: PolicyInput): Decision {
  const { action, governance, controls, guardrails } = input;
  const boundary =
    governance === null
      ? `There is no governance contract for ${action.tool}, so it may not be used.`
      : boundaryBroken(action, governance);
  const facts = {
    controls: controls.evaluations,
    policyHash: policyHash(governance, input.roles, input.guardrailRules),
    hardAuthorization: boundary ?? "permitted",
    guardrails,
  };
  const deny = (rule: string, reason: string): Decision => ({
    kind: "deny",
    mode: "off",
    rule,
    reasons: [reason],
    ...facts,
  });

  if (governance === null) return deny("no_contract", facts.hardAuthorization);
  if (boundary !== null) return deny("hard_boundary", boundary);
  const review = reviewRuleFor(governance, action.target.environment);
  const { approval } = governance;
  if (approval === undefined || review === null) {
    return deny("no_approval_rule", `The contract of ${action.tool} names nobody who could approve it.`);
  }
  const denial = deniedBy(input, governance);
  if (denial !== null) return deny(denial.rule, denial.reason);

  const { mode, rule, reasons } = effectiveMode(input, governance);
  const unhealthy = guardrails.find((finding) => finding.verdict === "unhealthy");
  if (unhealthy !== undefined) {
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

  const emergency = isEmergency(input, approval);
  const frozen = emergency ? undefined : yieldingDenial(input);
  const requirement = requirementOf(governance, approval, review, action, {
    ...input,
    onlyInEmergency: frozen?.reason ?? null,
  });
  const allow = (by: string, reason: string): Decision => ({
    kind: "allow",
    mode,
    rule: by,
    reasons: [reason],
    requirement,
    ...facts,
  });
  if (frozen !== undefined) {
    const reasons = [frozen.reason, "Approvals do not count meanwhile."];
    return {
      kind: "queue_for_review",
      mode,
      rule: `guardrail:${frozen.guardrail}`,
      reasons,
      requirement,
      ...facts,
    };
  }
  if (!needsApproval(action, approval)) {
    requirement.count = 0;
    return allow("needs_no_approval", `The contract of ${action.tool} asks for no approval of this use.`);
  }
  if (input.brokenGlass !== null && emergency) {
    return allow("break_glass", `Declared an emergency by ${input.brokenGlass.name}.`);
  }
  const { standing } = input;
  // Whoever granted it could not know what asks for more people now, or for somebody's word.
  const asksForMore = requirement.raisedBecause.length > 0 || requirement.attestation !== null;
  if (standing !== null && !controls.approvalRequired && approval.standing !== undefined && !asksForMore) {
    return allow("standing_approval", `Covered by the standing approval ${standing.id} of ${standing.by}.`);
  }
  const { count, missing } = countApprovals(input.approvals, action, requirement);
  const who = requirement.roles.join(" or ");
  if (missing.length === 0) {
    return allow("approved", `${count} of ${requirement.count} approvals by ${who}.`);
  }
  return {
    kind: "queue_for_review",
    mode,
    rule: "approval_needed",
    reasons: [
      `Needs ${requirement.count} approval${requirement.count === 1 ? "" : "s"} by ${who}; has ${count}.`,
      ...(count > 0 ? [`Still missing: ${missing.join("; ")}.`] : []),
      ...requirement.raisedBecause,
    ],
    requirement,
    ...facts,
  };
}

/** Hash of the parsed rules that a decision was made under; a look has no guardrails. */
export function policyHash(
  governance: GovernanceContract | null,
  roles: Roles,
  guardrails: Guardrails | null,
): string {
  return contentHash([governance, roles, guardrails].map((part) => (part === null ? null : hashOf(part))));
}

/** The files are read once and never changed after, and every decision asks for their hashes. */
const hashes = new WeakMap<object, string>();

function hashOf(document: object): string {
  const known = hashes.get(document) ?? contentHash(document);
  hashes.set(document, known);
  return known;
}

/** What changes a flag, or lets somebody do more than before, needs approval whatever a contract says. */
function needsApproval({ tool, scope }: ActionContract, { requiredFor }: ApprovalRule): boolean {
  return requiredFor === "every_use" || scope.raisesAuthority || Tool.safeParse(tool).success;
}

type Denial = Extract<GuardrailFinding, { verdict: "deny" }>;

function deniedBy(
  input: PolicyInput,
  governance: GovernanceContract,
): { rule: string; reason: string } | null {
  const { action, controls, guardrails } = input;
  const { tool } = action;
  const lowering = controls.lowered.find((each) => each.kind === "deny_tool" && each.tool === tool);
  if (lowering !== undefined) return { rule: lowering.rule, reason: lowering.reason };
  if (hasSay("signalman-denied-tools", action, governance) && controls.deniedTools.includes(tool)) {
    return {
      rule: "denied_tools",
      reason: `The tool ${tool} is on the deny list (signalman-denied-tools).`,
    };
  }
  const canYield = (governance.approval?.breakGlass?.roles.length ?? 0) > 0;
  const denied = guardrails.find(
    (finding) => finding.verdict === "deny" && !(canYield && finding.yieldsToBreakGlass),
  );
  return denied?.verdict === "deny" ? { rule: `guardrail:${denied.guardrail}`, reason: denied.reason } : null;
}

/** What denies until somebody declares an emergency: the change waits for that, and no number of votes replaces it. */
function yieldingDenial({ guardrails }: PolicyInput): Denial | undefined {
  return guardrails.find(
    (finding): finding is Denial => finding.verdict === "deny" && finding.yieldsToBreakGlass,
  );
}

/** Somebody broke the glass who may, of this tool. */
function isEmergency({ brokenGlass }: PolicyInput, approval: ApprovalRule | undefined): boolean {
  const among = approval?.breakGlass?.roles ?? [];
  return brokenGlass !== null && brokenGlass.roles.some((role) => among.includes(role));
}

/** Of what changes a flag every control has a say; of other tools those that their contract names. */
function hasSay(control: string, { tool }: ActionContract, { runtimeControls }: GovernanceContract): boolean {
  return Tool.safeParse(tool).success || runtimeControls.includes(control);
}

function boundaryBroken(action: ActionContract, governance: GovernanceContract): string | null {
  const { apiScopes, blockedScopes, blockedEnvironments, blockedTags } = governance.hardBoundary;
  const { environment, key, tags } = action.target;
  if (governance.tool !== action.tool) return `The contract is for ${governance.tool}, not ${action.tool}.`;
  if (governance.workflow !== "any" && governance.workflow !== action.workflow) {
    return `The contract of ${action.tool} allows it only in ${governance.workflow}.`;
  }
  if (isControlKey(key) && Tool.safeParse(action.tool).success) {
    return `${key} decides what Signalman itself may do: only "signalman controls" and people in FeatBit set it.`;
  }
  if (blockedEnvironments.includes(environment)) {
    return `The contract of ${action.tool} blocks the environment ${environment}.`;
  }
  const beyond = action.scope.apiScopes.find(
    (scope) => blockedScopes.includes(scope) || !apiScopes.includes(scope),
  );
  if (beyond !== undefined) {
    return `The contract of ${action.tool} does not grant ${beyond}, which this action needs of the flag platform.`;
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
    ...(hasSay("signalman-mode", action, governance) ? modeControls(controls) : []),
    // A person answers for what they ask for with their name; a drafter, whoever had it look, answers with evidence.
    ...(citations < minimumCitations && (action.workflow === "incident-response" || action.actor.agent !== "")
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

/** What people or Signalman's own record lowered goes by its own name. */
function modeControls({ mode, lowered }: ControlReading): ModeSource[] {
  const lowering = lowered.find((each) => each.kind === "mode" && each.mode === mode);
  return [
    lowering === undefined
      ? { mode, rule: "control_mode", reason: `The control signalman-mode says ${mode}.` }
      : { mode, rule: lowering.rule, reason: lowering.reason },
  ];
}

/** The highest mode not above `mode` that the contract allows; `off` is always allowed. */
function allowedAtMost(mode: Mode, { allowedModes }: GovernanceContract): Mode {
  const highest = allowedModes
    .filter((allowed) => authority(allowed) <= authority(mode))
    .toSorted((a, b) => authority(b) - authority(a))[0];
  return highest ?? "off";
}
