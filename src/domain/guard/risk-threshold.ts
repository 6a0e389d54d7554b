import { z } from "zod";
import { RiskClass } from "../policy/governance-contract.ts";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";

/** Environment key → the highest risk class that may happen there; `default`: in every other one. */
export const HighestRisk = z.record(z.string().min(1), RiskClass);
export type HighestRisk = z.infer<typeof HighestRisk>;

/** Where nothing is said: whatever can be undone. */
const otherwise: RiskClass = "admin_action";

/** Of what concerns an environment; authority itself belongs to none and can always be lowered. */
export function riskThreshold(
  { action: { riskClass, target } }: Pick<GuardFacts, "action">,
  highestRisk: HighestRisk,
): GuardrailFinding {
  const guardrail = "risk_threshold";
  const { environment } = target;
  const evidence = [`risk class ${riskClass}`];
  if (environment === "") return { guardrail, verdict: "pass", evidence };
  const named = Object.hasOwn(highestRisk, environment) ? highestRisk[environment] : undefined;
  const highest = named ?? highestRisk["default"] ?? otherwise;
  if (rank(riskClass) <= rank(highest)) return { guardrail, verdict: "pass", evidence };
  return {
    guardrail,
    verdict: "deny",
    evidence,
    yieldsToBreakGlass: false,
    reason: `Its risk class is ${riskClass}, and in ${environment} nothing above ${highest} may happen (highestRisk of guardrails.yml). It has to be done by other means than Signalman.`,
  };
}

function rank(riskClass: RiskClass): number {
  return RiskClass.options.indexOf(riskClass);
}
