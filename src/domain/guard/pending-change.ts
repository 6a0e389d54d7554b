import { z } from "zod";
import { plainText } from "../flag/plain-text.ts";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";
import { react, Reaction } from "./react.ts";

export const PendingChangeRules = z.strictObject({ whileWaiting: Reaction.default("draft_write") });
export type PendingChangeRules = z.infer<typeof PendingChangeRules>;

/**
 * Somebody has prepared a change of this flag in the flag platform. It replaces the whole targeting when it is applied,
 * so ours would be overwritten, or would overwrite what people agreed on. Unread counts as waiting.
 */
export function pendingChange(
  { plan, pending }: Pick<GuardFacts, "plan" | "pending">,
  { whileWaiting }: PendingChangeRules,
): GuardrailFinding {
  const guardrail = "pending_change";
  if (plan === null || whileWaiting === "none") return { guardrail, verdict: "pass", evidence: [] };
  if (pending.kind === "unknown") {
    return react(whileWaiting, {
      guardrail,
      evidence: [],
      reason: `Whether a prepared change of the flag waits in FeatBit could not be read: ${pending.why} Look there first.`,
    });
  }
  const waiting = pending.value.filter(({ status }) => status !== "Declined");
  if (waiting.length === 0) return { guardrail, verdict: "pass", evidence: ["nothing waits in FeatBit"] };
  return react(whileWaiting, {
    guardrail,
    evidence: waiting.slice(0, 5).map(({ kind, status, title, dueAt }) => {
      const due = dueAt === null ? "" : `, due ${dueAt}`;
      return `${kind === "schedule" ? "schedule" : "change request"} "${plainText(title, 120)}" (${plainText(status, 40)}${due})`;
    }),
    reason:
      "A prepared change of this flag waits in FeatBit and would collide with this one. Apply, change or remove it there first.",
  });
}
