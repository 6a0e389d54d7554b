import type { ChangeState } from "../../domain/change/change.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { ActionContract } from "../../domain/policy/action-contract.ts";
import type { GuardrailFinding } from "../../domain/policy/guardrail.ts";
import type { RecentEditors } from "../../domain/policy/requirement.ts";

/** What is about to be done, as the guardrails look at it. */
export interface GuardQuestion {
  action: ActionContract;
  /** Null for what changes no flag. */
  plan: Plan | null;
  /** Null for what belongs to no incident. */
  incident: IncidentState | null;
  /** Null while it is only about to be proposed. */
  change: Pick<ChangeState, "id" | "version"> | null;
}

export interface GuardAnswer {
  /** Of every guardrail, in a fixed order. */
  findings: GuardrailFinding[];
  editors: RecentEditors;
}

/**
 * Looks at what stands in the way here and now. A fact that cannot be read is a finding and not a pass; throws
 * `OpsError` only where our own store cannot be asked.
 */
export type Guard = (question: GuardQuestion) => Promise<GuardAnswer>;
