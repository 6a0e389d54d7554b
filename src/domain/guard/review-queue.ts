import { z } from "zod";
import { Duration, durationMs } from "../policy/governance-contract.ts";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";

export const ReviewQueueRules = z.strictObject({
  /** More changes than this waiting for a decision: people do not keep up. */
  mostWaiting: z.int().min(1).max(10_000).default(30),
  /** None may wait longer than this. */
  longestWait: Duration.default("24h"),
  /** More missed times than this in `window`. */
  mostSlaMisses: z.int().min(0).max(10_000).default(10),
  window: Duration.default("24h"),
});
export type ReviewQueueRules = z.infer<typeof ReviewQueueRules>;

/**
 * Approval means something only while people have the time to look. Beyond that nothing new is put before them; what
 * waits already can still be decided, which is how the queue becomes healthy again.
 */
export function reviewQueue(
  { plan, queue, now }: Pick<GuardFacts, "plan" | "queue" | "now">,
  { mostWaiting, longestWait, mostSlaMisses, window }: ReviewQueueRules,
): GuardrailFinding {
  const guardrail = "review_queue";
  if (plan === null) return { guardrail, verdict: "pass", evidence: [] };
  if (queue === null) return { guardrail, verdict: "pass", evidence: ["it is in the queue already"] };
  const { waiting, oldestSince, slaMisses } = queue;
  const evidence = [
    `${waiting} waiting${oldestSince === null ? "" : `, the oldest since ${oldestSince}`}`,
    `${slaMisses} missed in ${window}`,
  ];
  const waitedMs = oldestSince === null ? 0 : Date.parse(now) - Date.parse(oldestSince);
  const ill = [
    ...(waiting > mostWaiting ? [`${waiting} changes wait, more than ${mostWaiting}`] : []),
    ...(waitedMs > durationMs(longestWait) ? [`one has waited longer than ${longestWait}`] : []),
    ...(slaMisses > mostSlaMisses
      ? [`${slaMisses} decisions came too late in ${window}, more than ${mostSlaMisses}`]
      : []),
  ];
  if (ill.length === 0) return { guardrail, verdict: "pass", evidence };
  return {
    guardrail,
    verdict: "unhealthy",
    evidence,
    reason: `The review queue is not healthy: ${ill.join("; ")}. Decide what waits (/ops pending) first.`,
  };
}
