import type { ToolOperation } from "../../domain/flag/operation.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { actionContractOf } from "../../domain/policy/action-contract-of.ts";
import { safeControls } from "../../domain/policy/controls.ts";
import { decideAction } from "../../domain/policy/decide-action.ts";
import { authority } from "../../domain/policy/mode.ts";
import type { Rulebook } from "../../domain/policy/rulebook.ts";

/** More than any contract's evidence rule asks for: what is cited is not known before there is an answer. */
const enoughCitations = 10;

/**
 * Why policy can never let this plan go ahead for this incident, whatever is concluded, whoever approves and whatever
 * the controls say by then; null where it could. Contracts and their hard boundaries decide, not what holds just now:
 * a change that a control denies is drafted all the same, so that its denial is on record.
 */
export function policyForbids(
  operation: ToolOperation,
  plan: Plan,
  incident: IncidentState,
  rulebook: Rulebook,
): string | null {
  const governance = rulebook.contracts.get(operation.tool) ?? null;
  const decision = decideAction({
    action: actionContractOf(
      incident,
      plan,
      {
        requester: incident.requester,
        agent: "",
        intent: "",
        evidence: {
          confidence: null,
          citations: enoughCitations,
          gaps: 0,
          coverage: null,
          earlierReview: "",
        },
      },
      operation.tool,
      governance,
    ),
    governance,
    roles: rulebook.roles,
    controls: { ...safeControls, mode: "approval_required", evaluations: [] },
    guardrails: [],
    guardrailRules: rulebook.guardrails,
    editors: { userIds: [], unmatched: [] },
    escalatedTo: [],
    brokenGlass: null,
    standing: null,
    approvals: [],
  });
  const never = decision.kind === "deny" || authority(decision.mode) < authority("draft_write");
  return never ? decision.reasons.join(" ") : null;
}
