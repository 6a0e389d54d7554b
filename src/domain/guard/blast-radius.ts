import { z } from "zod";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";

const Percent = z.number().min(0).max(100);

export const BlastRadiusRules = z.strictObject({
  /** A change that moves more than this share of the users takes two approvers; 100: none does. */
  secondApproverAbovePercent: Percent.default(100),
  /** A change that moves more than this share may not happen; 100: every one may. */
  denyAbovePercent: Percent.default(100),
});
export type BlastRadiusRules = z.infer<typeof BlastRadiusRules>;

/** The share is an upper bound over all rules of the flag, computed and not sampled. */
export function blastRadius(
  { action: { scope } }: Pick<GuardFacts, "action">,
  { secondApproverAbovePercent, denyAbovePercent }: BlastRadiusRules,
): GuardrailFinding {
  const guardrail = "blast_radius";
  const { maxMovedPercent: moved, targetsMoved } = scope;
  const evidence = [`moves at most ${moved} % of the users, ${targetsMoved} of them by name`];
  if (moved > denyAbovePercent) {
    return {
      guardrail,
      verdict: "deny",
      evidence,
      yieldsToBreakGlass: false,
      reason: `It moves up to ${moved} % of the users, and above ${denyAbovePercent} % nothing may (blastRadius of guardrails.yml). Take a smaller step.`,
    };
  }
  if (moved <= secondApproverAbovePercent) return { guardrail, verdict: "pass", evidence };
  return {
    guardrail,
    verdict: "more_approvers",
    count: 2,
    evidence,
    reason: `It moves up to ${moved} % of the users, and above ${secondApproverAbovePercent} % it takes two approvers.`,
  };
}
