import { maxShareMoved } from "../flag/exposure.ts";
import { neededScopes } from "../flag/needed-scopes.ts";
import type { Plan } from "../flag/plan.ts";
import type { IncidentState } from "../incident/incident.ts";
import type { Requester } from "../people.ts";
import type { ActionContract } from "./action-contract.ts";
import type { GovernanceContract } from "./governance-contract.ts";

/** What is asked of policy when somebody wants this plan for this incident. Without a contract the worst is taken. */
export function actionContractOf(
  incident: IncidentState,
  plan: Plan,
  asked: {
    requester: Requester;
    agent: string;
    intent: string;
    evidence: ActionContract["evidence"];
  },
  tool: ActionContract["tool"],
  governance: GovernanceContract | null,
): ActionContract {
  const { requester, agent, intent, evidence } = asked;
  return {
    request: incident.correlationId,
    workflow: requester.kind === "person" ? "human-request" : "incident-response",
    session: incident.id,
    account: incident.tenant,
    actor: { agent, service: "signalman", requester },
    intent,
    tool,
    target: { ...plan.ref, service: incident.scope?.service ?? "", tags: plan.before.flag.tags },
    riskClass: governance?.riskClass ?? "irreversible",
    reversibility: governance?.reversibility ?? "none",
    scope: {
      maxMovedPercent: maxShareMoved(plan),
      targetsMoved: plan.exposure.targetsMoved,
      segments: plan.before.segments.map(({ key }) => key),
      apiScopes: neededScopes(plan.forward, plan.before.flag),
      raisesAuthority: false,
    },
    evidence,
    fallback: governance?.rollback.safestMode ?? "off",
  };
}
