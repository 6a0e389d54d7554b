import type { ActionContract } from "./action-contract.ts";
import type { ApprovalRequirement, ChaseStep } from "./decision.ts";
import {
  type ApprovalRule,
  durationMs,
  type GovernanceContract,
  type ReviewRule,
} from "./governance-contract.ts";
import type { GuardrailFinding } from "./guardrail.ts";

/** Who changed the flag lately, by the flag platform's log. */
export interface RecentEditors {
  /** Slack user ids. */
  userIds: readonly string[];
  /** Names of those whom nobody could tell; one more approval is asked for while there is any. */
  unmatched: readonly string[];
}

/** A vote that counts if its voter is still who they were: already permitted, already for this digest. */
export interface ValidApproval {
  userId: string;
  roles: string[];
}

/** What this action needs of people: the contract's rule, and what else raises it. */
export function requirementOf(
  governance: GovernanceContract,
  approval: ApprovalRule,
  review: ReviewRule,
  { scope }: Pick<ActionContract, "scope">,
  context: {
    editors: RecentEditors;
    escalatedTo: readonly string[];
    guardrails: readonly GuardrailFinding[];
    /** Why approvals do not count at the moment. */
    onlyInEmergency: string | null;
  },
): ApprovalRequirement {
  const { editors, escalatedTo, guardrails, onlyInEmergency } = context;
  const raisedBecause: string[] = [];
  let count = review.count;
  for (const finding of guardrails) {
    if (finding.verdict !== "more_approvers" || finding.count <= count) continue;
    count = finding.count;
    raisedBecause.push(finding.reason);
  }
  if (editors.unmatched.length > 0) {
    count += 1;
    const who = editors.unmatched.join(", ");
    raisedBecause.push(
      `Changed within ${approval.recentEditorWithin} by ${who}, whom nobody in Slack could be matched to: one more approval is asked for.`,
    );
  }
  return {
    count,
    roles: [...new Set([...review.roles, ...escalatedTo])],
    requiredRoles: review.requiredRoles,
    separationOfDuties: approval.separationOfDuties,
    recentEditors: [...editors.userIds],
    raisedBecause,
    attestation: attestationOf(governance, scope),
    expiresAfterMs: durationMs(approval.expiresAfter),
    chase: chaseOf(approval),
    timeoutFallback: approval.timeoutFallback,
    breakGlassRoles: approval.breakGlass?.roles ?? [],
    onlyInEmergency,
  };
}

function attestationOf(
  { attestation }: GovernanceContract,
  { apiScopes }: ActionContract["scope"],
): string | null {
  if (attestation === undefined) return null;
  return apiScopes.some((each) => attestation.whenNeeding.includes(each)) ? attestation.statement : null;
}

/** Reminders, the missed time and escalations of a contract, by time. */
function chaseOf({ reminders, sla, escalation }: ApprovalRule): ChaseStep[] {
  const steps: ChaseStep[] = [
    ...reminders.map((after) => ({ kind: "reminder" as const, afterMs: durationMs(after), roles: [] })),
    ...(sla === undefined ? [] : [{ kind: "sla_missed" as const, afterMs: durationMs(sla), roles: [] }]),
    ...escalation.map(({ after, roles }) => ({
      kind: "escalation" as const,
      afterMs: durationMs(after),
      roles,
    })),
  ];
  return steps.toSorted((a, b) => a.afterMs - b.afterMs);
}

export interface Counted {
  /** Different people whose vote counts. */
  count: number;
  /** What is still missing, in words; empty: nothing. */
  missing: string[];
}

/** Which of these approvals count for the requirement, and what it still lacks. Pure. */
export function countApprovals(
  approvals: readonly ValidApproval[],
  { actor: { requester } }: Pick<ActionContract, "actor">,
  requirement: ApprovalRequirement,
): Counted {
  const { roles, requiredRoles, separationOfDuties, recentEditors } = requirement;
  const counting = approvals
    .filter((approval) => approval.roles.some((role) => roles.includes(role) || requiredRoles.includes(role)))
    .filter(
      ({ userId }) => !(separationOfDuties && requester.kind === "person" && requester.userId === userId),
    );
  const people = new Set(counting.map(({ userId }) => userId));
  const missing: string[] = [];
  const short = requirement.count - people.size;
  if (short > 0) missing.push(`${short} more approval${short === 1 ? "" : "s"} by ${roles.join(" or ")}`);
  for (const role of requiredRoles) {
    if (!counting.some((approval) => approval.roles.includes(role))) missing.push(`an approval by ${role}`);
  }
  const onlyEditors = people.size > 0 && [...people].every((userId) => recentEditors.includes(userId));
  if (onlyEditors && requirement.count > 0) {
    missing.push("an approval by somebody who has not changed the flag lately");
  }
  if (requirement.onlyInEmergency !== null) missing.push("an emergency declared by a permitted person");
  return { count: people.size, missing };
}
