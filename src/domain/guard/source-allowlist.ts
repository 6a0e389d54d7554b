import { z } from "zod";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";

export const SourceRules = z.strictObject({
  /** Ids of sources whose alerts may lead to a draft; `*`: all. Alerts of the others are evidence and no more. */
  mayDraft: z.array(z.string().min(1)).default(["*"]),
});
export type SourceRules = z.infer<typeof SourceRules>;

export function sourceAllowlist(
  { action, plan, sources }: Pick<GuardFacts, "action" | "plan" | "sources">,
  { mayDraft }: SourceRules,
): GuardrailFinding {
  const guardrail = "source_allowlist";
  if (plan === null) return { guardrail, verdict: "pass", evidence: [] };
  const { requester } = action.actor;
  if (requester.kind === "person") return { guardrail, verdict: "pass", evidence: ["asked for by a person"] };
  const heard = sources.length === 0 ? [requester.sourceId] : sources;
  const evidence = [`alerts of ${heard.join(", ")}`];
  if (mayDraft.includes("*") || heard.some((id) => mayDraft.includes(id))) {
    return { guardrail, verdict: "pass", evidence };
  }
  return {
    guardrail,
    verdict: "lower",
    mode: "search_only",
    evidence,
    reason: `Alerts of ${heard.join(", ")} are evidence only (sources.mayDraft of guardrails.yml), so nothing is drafted from them alone. A person may ask for the change.`,
  };
}
