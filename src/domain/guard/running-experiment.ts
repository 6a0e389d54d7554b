import { z } from "zod";
import { experimentOf } from "../flag/experiment-of.ts";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";
import { react, Reaction } from "./react.ts";

export const ExperimentRules = z.strictObject({ whileRunning: Reaction.default("draft_write") });
export type ExperimentRules = z.infer<typeof ExperimentRules>;

/**
 * A flag whose variations an experiment compares. Only where somebody has said in the flag who counts: by default every
 * flag counts everybody, and whether an experiment runs cannot be seen with an access token.
 */
export function runningExperiment(
  { plan }: Pick<GuardFacts, "plan">,
  { whileRunning }: ExperimentRules,
): GuardrailFinding {
  const guardrail = "running_experiment";
  const experiment = plan === null ? null : experimentOf(plan.before.flag);
  if (plan === null || experiment?.settings !== "chosen") return { guardrail, verdict: "pass", evidence: [] };
  const { paths } = experiment;
  const where = paths.map((ruleId) => (ruleId === null ? "the default rule" : `rule ${ruleId}`));
  return react(whileRunning, {
    guardrail,
    evidence: where.slice(0, 10).map((path) => `counts users of ${path}`),
    reason:
      "The flag is part of an experiment: changing it now spoils what is being measured. Ask whoever runs the experiment first.",
  });
}
