import type { GuardrailFinding } from "../policy/guardrail.ts";
import { blastRadius } from "./blast-radius.ts";
import { frozenWindows } from "./frozen-windows.ts";
import type { GuardFacts } from "./guard-facts.ts";
import type { Guardrails } from "./guardrails.ts";
import { pendingChange } from "./pending-change.ts";
import { reviewQueue } from "./review-queue.ts";
import { riskThreshold } from "./risk-threshold.ts";
import { runbookLimits } from "./runbook-limits.ts";
import { runningExperiment } from "./running-experiment.ts";
import { scopeLimits } from "./scope-limits.ts";
import { sourceAllowlist } from "./source-allowlist.ts";
import { sourceBinding } from "./source-binding.ts";
import { toolDenylist } from "./tool-denylist.ts";

/** Every guardrail's word, in a fixed order: what is denied by rule first, what holds just now last. Pure. */
export function checkGuardrails(facts: GuardFacts, rules: Guardrails): GuardrailFinding[] {
  return [
    sourceAllowlist(facts, rules.sources),
    toolDenylist(facts, rules.deniedTools),
    riskThreshold(facts, rules.highestRisk),
    scopeLimits(facts, rules.scopes),
    sourceBinding(facts),
    runbookLimits(facts, rules.runbooks),
    blastRadius(facts, rules.blastRadius),
    frozenWindows(facts, rules.frozenWindows),
    runningExperiment(facts, rules.experiments),
    pendingChange(facts, rules.pendingChanges),
    reviewQueue(facts, rules.reviewQueue),
  ];
}
