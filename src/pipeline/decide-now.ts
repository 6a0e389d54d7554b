import type { ChangeState } from "../domain/change/change.ts";
import type { Plan } from "../domain/flag/plan.ts";
import type { IncidentState } from "../domain/incident/incident.ts";
import type { ActionContract } from "../domain/policy/action-contract.ts";
import { type BrokenGlass, type CoveringApproval, decideAction } from "../domain/policy/decide-action.ts";
import type { Decision } from "../domain/policy/decision.ts";
import type { ValidApproval } from "../domain/policy/requirement.ts";
import type { Rulebook } from "../domain/policy/rulebook.ts";
import type { Guard } from "./guard/guard.ts";
import type { Controls } from "./ports/controls.ts";

export interface DecideDeps {
  rulebook: Rulebook;
  controls: Controls;
  guard: Guard;
}

/** What people have said so far about exactly this action, each already checked. */
export interface Given {
  approvals: ValidApproval[];
  brokenGlass?: BrokenGlass | null;
  standing?: CoveringApproval | null;
  escalatedTo?: readonly string[];
  /** Slack user ids of who edited the draft: they count among those who changed the flag lately. */
  editedBy?: readonly string[];
}

/** Policy's answer for an action, with controls and guardrails as they are this moment. */
export async function decideNow(
  action: ActionContract,
  about: {
    plan: Plan | null;
    incident: IncidentState | null;
    /** Absent while it is only about to be proposed. */
    change?: Pick<ChangeState, "id" | "version">;
  },
  asked: Given | Promise<Given>,
  deps: DecideDeps,
): Promise<Decision> {
  const { plan, incident, change = null } = about;
  const [given, controls, { findings, editors }] = await Promise.all([
    asked,
    deps.controls.read({
      incidentId: incident?.id ?? action.request,
      service: action.target.service,
      environment: action.target.environment,
      project: action.target.project,
      tool: action.tool,
      riskClass: action.riskClass,
      severity: incident?.severity ?? "",
      source: incident?.requester.kind === "source" ? incident.requester.sourceId : "",
      agent: action.actor.agent,
    }),
    deps.guard({ action, plan, incident, change }),
  ]);
  return decideAction({
    action,
    governance: deps.rulebook.contracts.get(action.tool) ?? null,
    roles: deps.rulebook.roles,
    controls,
    guardrails: findings,
    guardrailRules: deps.rulebook.guardrails,
    editors: { ...editors, userIds: [...new Set([...editors.userIds, ...(given.editedBy ?? [])])] },
    approvals: given.approvals,
    escalatedTo: given.escalatedTo ?? [],
    brokenGlass: given.brokenGlass ?? null,
    standing: given.standing ?? null,
  });
}

/** The same for a change as it stands. What has been given may still be asked for: all is asked at once. */
export function decideOnChange(
  change: ChangeState,
  incident: IncidentState,
  given: Given | Promise<Given>,
  deps: DecideDeps,
): Promise<Decision> {
  const { proposal, escalatedTo, edits } = change;
  const { action, plan } = proposal;
  const withEdits = async (): Promise<Given> => ({
    escalatedTo,
    editedBy: edits.map(({ userId }) => userId),
    ...(await given),
  });
  return decideNow(action, { plan, incident, change }, withEdits(), deps);
}
