import type { ToolOperation } from "../../domain/flag/operation.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import { maxShareMoved } from "../../domain/flag/exposure.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
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
    action: {
      request: incident.correlationId,
      workflow: "incident-response",
      session: incident.id,
      account: incident.tenant,
      actor: { agent: "", service: "signalman", requester: incident.requester },
      intent: "",
      tool: operation.tool,
      target: { ...plan.ref, service: incident.scope?.service ?? "", tags: plan.before.flag.tags },
      riskClass: governance?.riskClass ?? "irreversible",
      reversibility: governance?.reversibility ?? "none",
      scope: {
        maxMovedPercent: maxShareMoved(plan),
        targetsMoved: plan.exposure.targetsMoved,
        segments: plan.before.segments.map(({ key }) => key),
      },
      evidence: { confidence: null, citations: enoughCitations, gaps: 0 },
    },
    governance,
    roles: rulebook.roles,
    controls: { ...safeControls, mode: "approval_required", evaluations: [] },
    guardrails: [],
    approvals: [],
  });
  const never = decision.kind === "deny" || authority(decision.mode) < authority("draft_write");
  return never ? decision.reasons.join(" ") : null;
}
