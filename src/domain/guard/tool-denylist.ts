import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { ToolName } from "../policy/tool-name.ts";
import type { GuardFacts } from "./guard-facts.ts";

/** The reviewed deny list, beside the one that a control can set within minutes. */
export function toolDenylist(
  { action: { tool } }: Pick<GuardFacts, "action">,
  deniedTools: readonly ToolName[],
): GuardrailFinding {
  const guardrail = "tool_denylist";
  if (!deniedTools.includes(tool)) return { guardrail, verdict: "pass", evidence: [`tool ${tool}`] };
  return {
    guardrail,
    verdict: "deny",
    evidence: [`tool ${tool}`],
    yieldsToBreakGlass: false,
    reason: `The tool ${tool} is on the deny list of guardrails.yml (deniedTools). Choose another tool, or have the file changed.`,
  };
}
