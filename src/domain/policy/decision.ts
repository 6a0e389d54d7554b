import { z } from "zod";
import { EvaluatedControl } from "./controls.ts";
import { GuardrailFinding } from "./guardrail.ts";
import { Mode } from "./mode.ts";

/** What is done while nobody decides, counted from when votes were asked for. */
export const ChaseStep = z.strictObject({
  kind: z.enum(["reminder", "sla_missed", "escalation"]),
  afterMs: z.int().positive(),
  /** Whose approval counts as well from then on. */
  roles: z.array(z.string()),
});
export type ChaseStep = z.infer<typeof ChaseStep>;

/** Which approvals a change needs before it may run. A count of 0: none, as the contract says for this use. */
export const ApprovalRequirement = z.strictObject({
  count: z.int().nonnegative(),
  /** Any of them counts. */
  roles: z.array(z.string()),
  /** Each of them must be among the approvers. */
  requiredRoles: z.array(z.string()).default([]),
  separationOfDuties: z.boolean(),
  /** User ids of who changed the flag lately: none of them can be the only approver. */
  recentEditors: z.array(z.string()).default([]),
  /** Why it is more than the contract's count. */
  raisedBecause: z.array(z.string()).default([]),
  /** What a person must state first. */
  attestation: z.string().nullable().default(null),
  expiresAfterMs: z.int().positive(),
  /** In the order of time. */
  chase: z.array(ChaseStep).default([]),
  timeoutFallback: Mode.default("off"),
  /** Roles of which one person may approve alone in an emergency. */
  breakGlassRoles: z.array(z.string()).default([]),
  /** Why no number of approvals is enough just now, but an emergency is; null: approvals count. */
  onlyInEmergency: z.string().nullable().default(null),
});
export type ApprovalRequirement = z.infer<typeof ApprovalRequirement>;

const common = {
  /** The effective mode: the lowest of everything that has a say. */
  mode: Mode,
  /** The rule that settled it, for `policy explain` and the card. */
  rule: z.string(),
  reasons: z.array(z.string()),
  controls: z.array(EvaluatedControl),
  /** Hash of the parsed governance contract, roles and guardrails it was decided under. */
  policyHash: z.string(),
  /** What may ever happen: "permitted", or why not. "" in records of before this was kept. */
  hardAuthorization: z.string().default(""),
  guardrails: z.array(GuardrailFinding).default([]),
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
