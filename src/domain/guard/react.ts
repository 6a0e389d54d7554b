import { z } from "zod";
import type { GuardrailFinding } from "../policy/guardrail.ts";

/** What a guardrail makes of what it has found. */
export const Reaction = z.enum(["none", "second_approver", "draft_write", "deny"]);
export type Reaction = z.infer<typeof Reaction>;

/** The stricter of two, by the order of `Reaction`. */
export function stricter(a: Reaction, b: Reaction): Reaction {
  return Reaction.options.indexOf(a) >= Reaction.options.indexOf(b) ? a : b;
}

interface Found {
  guardrail: string;
  reason: string;
  evidence: string[];
}

export function react(reaction: Reaction, { guardrail, reason, evidence }: Found): GuardrailFinding {
  switch (reaction) {
    case "none":
      return { guardrail, verdict: "pass", evidence };
    case "second_approver":
      return {
        guardrail,
        verdict: "more_approvers",
        count: 2,
        reason: `${reason} It takes two approvers.`,
        evidence,
      };
    case "draft_write":
      return {
        guardrail,
        verdict: "lower",
        mode: "draft_write",
        reason: `${reason} It can only be done by hand.`,
        evidence,
      };
    case "deny":
      return { guardrail, verdict: "deny", reason, evidence, yieldsToBreakGlass: false };
  }
}
