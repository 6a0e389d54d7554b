import { z } from "zod";
import { Mode } from "./mode.ts";

const common = {
  guardrail: z.string().min(1),
  /** What it looked at, a fact each. */
  evidence: z.array(z.string()).default([]),
};
const reason = z.string();

/** What one guardrail says of one action, here and now. */
export const GuardrailFinding = z.discriminatedUnion("verdict", [
  z.strictObject({ verdict: z.literal("pass"), ...common }),
  z.strictObject({
    verdict: z.literal("deny"),
    ...common,
    reason,
    /** True where an emergency, declared by a permitted person, goes before it. */
    yieldsToBreakGlass: z.boolean().default(false),
  }),
  /** Caps the mode. */
  z.strictObject({ verdict: z.literal("lower"), ...common, reason, mode: Mode }),
  /** Asks for the contract's safest mode. */
  z.strictObject({ verdict: z.literal("unhealthy"), ...common, reason }),
  /** Asks for that many approvals in all, at the least. */
  z.strictObject({ verdict: z.literal("more_approvers"), ...common, reason, count: z.int().positive() }),
]);
export type GuardrailFinding = z.infer<typeof GuardrailFinding>;
