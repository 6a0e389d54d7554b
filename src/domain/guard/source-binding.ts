import type { GuardrailFinding } from "../policy/guardrail.ts";
import { outOfReach } from "../reach.ts";
import type { GuardFacts } from "./guard-facts.ts";

/** What the sources of an incident's alerts may lead to: asked again of the incident as it is by now. */
export function sourceBinding({
  plan,
  reaches,
  sources,
}: Pick<GuardFacts, "plan" | "reaches" | "sources">): GuardrailFinding {
  const guardrail = "source_binding";
  const evidence = reaches.length === 0 ? [] : [`alerts of ${sources.join(", ")}`];
  const beyond = plan === null ? null : outOfReach(plan.ref, reaches);
  if (beyond === null) return { guardrail, verdict: "pass", evidence };
  return {
    guardrail,
    verdict: "deny",
    evidence,
    yieldsToBreakGlass: false,
    reason: `${beyond} A person may ask for it instead.`,
  };
}
