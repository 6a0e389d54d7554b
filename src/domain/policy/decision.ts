import { z } from "zod";
import { EvaluatedControl } from "./controls.ts";
import { Mode } from "./mode.ts";

/** Which approvals a change needs before it may run. */
export const ApprovalRequirement = z.strictObject({
  count: z.int().positive(),
  roles: z.array(z.string()),
  separationOfDuties: z.boolean(),
  expiresAfterMs: z.int().positive(),
});
export type ApprovalRequirement = z.infer<typeof ApprovalRequirement>;

const common = {
  /** The effective mode: the lowest of everything that has a say. */
  mode: Mode,
  /** The rule that settled it, for `policy explain` and the card. */
  rule: z.string(),
  reasons: z.array(z.string()),
  controls: z.array(EvaluatedControl),
  /** Hash of the parsed governance contract and roles it was decided under. */
  policyHash: z.string(),
};

/** What policy says of one action, here and now, with the approvals so far. */
export const Decision = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("allow"), ...common, requirement: ApprovalRequirement }),
  z.strictObject({ kind: z.literal("queue_for_review"), ...common, requirement: ApprovalRequirement }),
  /** A contract, control or override permits only this lower mode. */
  z.strictObject({ kind: z.literal("constrain"), ...common }),
  /** A dependency or health guardrail is unhealthy: the contract's safest mode applies. */
  z.strictObject({ kind: z.literal("fallback"), ...common }),
  z.strictObject({ kind: z.literal("deny"), ...common }),
]);
export type Decision = z.infer<typeof Decision>;
