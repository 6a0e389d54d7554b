import { z } from "zod";
import { ExpectedEffect } from "../assessment.ts";
import { Plan } from "../flag/plan.ts";
import { ChangeId } from "../ids.ts";
import { ActionContract } from "../policy/action-contract.ts";

/** How a change came from another one. */
export const Lineage = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("reverses"), changeId: ChangeId }),
  z.strictObject({ kind: z.literal("expands"), changeId: ChangeId }),
  z.strictObject({ kind: z.literal("restores_overwritten"), changeId: ChangeId }),
]);
export type Lineage = z.infer<typeof Lineage>;

/** Everything a vote is about. `digest` covers plan and policy (domain/flag/digest.ts). */
export const Proposal = z.strictObject({
  plan: Plan,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  contractHash: z.string(),
  rolesHash: z.string(),
  action: ActionContract,
  /** One line in words, made by code. */
  summary: z.string(),
  expected: ExpectedEffect.nullable(),
  /** A change meant to be undone or revisited; it is closed with a review date. */
  temporary: z.boolean(),
  /** How long after closing its card reopens when no date is given, milliseconds. */
  reviewAfterMs: z.int().positive().nullable(),
  lineage: Lineage.nullable(),
});
export type Proposal = z.infer<typeof Proposal>;
