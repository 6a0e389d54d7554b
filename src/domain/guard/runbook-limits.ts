import { z } from "zod";
import { isRestore } from "../flag/operation.ts";
import type { Plan } from "../flag/plan.ts";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts, RunbookLimit } from "./guard-facts.ts";
import { react, Reaction } from "./react.ts";

export const RunbookRules = z.strictObject({
  /** Where a change goes beyond what the runbooks of an open incident leave open. */
  beyond: Reaction.default("second_approver"),
});
export type RunbookRules = z.infer<typeof RunbookRules>;

/**
 * Tools and shares that the runbooks of an open incident leave open. Nothing else is offered to a drafter, so this is
 * about what people ask for: a runbook is its owner's advice, and two people may go beyond it. Undoing is never held up.
 */
export function runbookLimits(
  { byPeople, plan, runbooks }: Pick<GuardFacts, "byPeople" | "plan" | "runbooks">,
  { beyond }: RunbookRules,
): GuardrailFinding {
  const guardrail = "runbook_limits";
  const pass = (...evidence: string[]): GuardrailFinding => ({ guardrail, verdict: "pass", evidence });
  if (plan === null) return pass();
  if (isRestore(plan.operation)) return pass("it puts back what was there");
  if (!byPeople) return pass("drafted within the runbooks");
  if (runbooks.kind === "unknown") {
    const reason = `Which runbooks apply could not be told (${runbooks.why}), so their limits may be exceeded.`;
    return react(beyond, { guardrail, reason, evidence: [] });
  }
  if (runbooks.value.length === 0) return pass("no runbook applies");
  const evidence = runbooks.value.map(({ id }) => `runbook ${id}`);
  const why = runbooks.value.map((runbook) => exceeds(runbook, plan));
  if (why.some((each) => each === null)) return pass(...evidence);
  return react(beyond, { guardrail, evidence, reason: `It goes beyond the runbook: ${why.join("; ")}.` });
}

/** Why this runbook leaves it out; null where it does not. */
function exceeds(runbook: RunbookLimit, plan: Plan): string | null {
  const { id, allowedActions, maxRolloutPercent: most } = runbook;
  const { tool } = plan.operation;
  if (!allowedActions.includes(tool)) return `${id} does not name ${tool}`;
  if (most === null) return null;
  const wider = plan.exposure.byVariation.find(
    ({ variationId, beforePercent, afterPercent }) =>
      afterPercent > Math.max(most, beforePercent) && variationId !== plan.after.disabledVariationId,
  );
  return wider === undefined
    ? null
    : `${id} allows at most ${most} %, and this gives ${wider.afterPercent} %`;
}
