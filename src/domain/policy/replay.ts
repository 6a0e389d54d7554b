import type { ActionContract } from "./action-contract.ts";
import { controlFlagOf, type ControlName, controlParsers, type ControlValues } from "./control-flags.ts";
import { type ControlReading, type EvaluatedControl, type Lowering, safeControls } from "./controls.ts";
import { decideAction } from "./decide-action.ts";
import type { Decision } from "./decision.ts";
import { lowestMode, Mode } from "./mode.ts";
import type { ValidApproval } from "./requirement.ts";
import { rolesThatPermit } from "./roles.ts";
import type { Rulebook } from "./rulebook.ts";

/** A decision as it was recorded, with what people had said by then. */
export interface RecordedDecision {
  action: ActionContract;
  decision: Decision;
  approvals: readonly ValidApproval[];
  escalatedTo: readonly string[];
  brokenGlass: { name: string; roles: string[] } | null;
  /** The standing approval it was allowed by. */
  standing: { id: string; by: string } | null;
}

/** Flag keys of controls and the values they are supposed to have had. */
export type SuppliedControls = Readonly<Record<string, string>>;

/**
 * What the same action would have got under other rules or flag values. People keep the roles that they voted with, as
 * far as these still permit it; what guardrails found then is taken as found. Pure.
 */
export function replayDecision(
  { action, decision, approvals, escalatedTo, brokenGlass, standing }: RecordedDecision,
  rulebook: Rulebook,
  supplied: SuppliedControls,
): Decision {
  const target = { ...action.target, risk: action.riskClass };
  const permitting = new Set(rolesThatPermit("approve", target, rulebook.roles));
  const stillPermitted = (roles: readonly string[]) => roles.filter((role) => permitting.has(role));
  const governance = rulebook.contracts.get(action.tool) ?? null;
  return decideAction({
    action: { ...action, ...(governance && { riskClass: governance.riskClass }) },
    governance,
    roles: rulebook.roles,
    controls: readingOf(decision.controls, supplied),
    guardrails: decision.guardrails,
    guardrailRules: rulebook.guardrails,
    editors: {
      userIds: "requirement" in decision ? decision.requirement.recentEditors : [],
      unmatched: [],
    },
    approvals: approvals.map(({ userId, roles }) => ({ userId, roles: stillPermitted(roles) })),
    escalatedTo,
    brokenGlass: brokenGlass && { ...brokenGlass, roles: stillPermitted(brokenGlass.roles) },
    standing,
  });
}

/** True where people would have met something else. Only words differing is no difference. */
export function differs(before: Decision, after: Decision): boolean {
  return (
    before.kind !== after.kind ||
    before.mode !== after.mode ||
    before.rule !== after.rule ||
    asked(before) !== asked(after)
  );
}

function asked(decision: Decision): string {
  if (!("requirement" in decision)) return "";
  const { count, roles, requiredRoles } = decision.requirement;
  return JSON.stringify([count, roles, requiredRoles]);
}

/** The controls as they were evaluated then, with what is supplied in their place. */
function readingOf(evaluations: readonly EvaluatedControl[], supplied: SuppliedControls): ControlReading {
  const valueOf = <C extends ControlName>(name: C): ControlValues[C] => {
    const { key } = controlFlagOf(name);
    const text = supplied[key] ?? evaluations.find((each) => each.key === key)?.value;
    return (text === undefined ? undefined : controlParsers[name](text)) ?? safeControls[name];
  };
  const lowered = evaluations.flatMap(loweringOf);
  const reading: ControlReading = {
    mode: valueOf("mode"),
    approvalRequired: valueOf("approvalRequired"),
    deniedTools: valueOf("deniedTools"),
    promptProfile: valueOf("promptProfile"),
    modelRoute: valueOf("modelRoute"),
    investigation: valueOf("investigation"),
    lowered,
    evaluations: evaluations.map((each) =>
      each.key in supplied
        ? { ...each, value: supplied[each.key] ?? "", reason: "supplied for the replay" }
        : each,
    ),
  };
  const modes = lowered.flatMap((each) => (each.kind === "mode" ? [each.mode] : []));
  const denied = lowered.flatMap((each) => (each.kind === "deny_tool" ? [each.tool] : []));
  return {
    ...reading,
    mode: lowestMode(reading.mode, ...modes),
    deniedTools: [...reading.deniedTools, ...denied],
    approvalRequired: reading.approvalRequired || lowered.some(({ kind }) => kind === "strict"),
  };
}

/** What was taken away then is recorded among the evaluations, under the rule it went by. */
function loweringOf({ key: rule, value, reason }: EvaluatedControl): Lowering[] {
  switch (rule) {
    case "override_mode":
    case "quality_signal": {
      const mode = Mode.safeParse(value);
      return mode.success ? [{ kind: "mode", rule, reason, mode: mode.data }] : [];
    }
    case "override_deny":
      return [{ kind: "deny_tool", rule, reason, tool: value }];
    case "override_strict":
      return [{ kind: "strict", rule, reason }];
    default:
      return [];
  }
}
