import type { ChangeState } from "./change.ts";

/** Roles whose approval counts by now, those that an escalation brought in included; null where policy asks for none. */
export function decidingRoles({ decision, escalatedTo }: ChangeState): string[] | null {
  if (decision === null || !("requirement" in decision)) return null;
  const { roles, requiredRoles } = decision.requirement;
  return [...new Set([...roles, ...requiredRoles, ...escalatedTo])];
}

/** Roles of which one person may approve alone in an emergency; none where there is nothing to approve. */
export function emergencyRoles({ status, decision }: ChangeState): string[] {
  if (status !== "awaiting_approval" || decision === null || !("requirement" in decision)) return [];
  return decision.requirement.breakGlassRoles;
}

/** What somebody has to state before anybody may approve, and nobody has yet; null: nothing. */
export function unstated({ status, decision, attestation }: ChangeState): string | null {
  if (status !== "awaiting_approval" || attestation !== null) return null;
  return decision !== null && "requirement" in decision ? decision.requirement.attestation : null;
}
