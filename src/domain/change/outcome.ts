import { z } from "zod";
import { FlagCall } from "../flag/call.ts";
import { Instant } from "../ids.ts";

/**
 * What FeatBit's audit chain says about a write. It is broken when the newest entry's previous revision is not
 * the preceding entry's current one: two writers raced and one of them was overwritten
 * (FeatBit contract §0.4).
 */
export const ChainCheck = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("intact") }),
  z.strictObject({
    kind: z.literal("broken"),
    /** The audit entry whose change was overwritten. */
    auditEntryId: z.string(),
    by: z.string(),
    changedAt: Instant,
    /** What was lost, in words. */
    lost: z.array(z.string()),
    /** The one write that would bring it back, where one is enough. */
    restore: FlagCall.nullable(),
  }),
  /** The log could not be read; nothing is known either way. */
  z.strictObject({ kind: z.literal("unread"), reason: z.string() }),
]);
export type ChainCheck = z.infer<typeof ChainCheck>;

/** How one attempt to apply a plan ended, read back from the platform. */
export const ApplyOutcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("applied"), revision: z.string(), chain: ChainCheck }),
  /** The flag or a segment had moved; nothing was written. `current` says how it stands, in words. */
  z.strictObject({ kind: z.literal("conflicted"), current: z.array(z.string()) }),
  /** Certainly not applied. */
  z.strictObject({ kind: z.literal("failed"), reason: z.string() }),
  /** Nobody knows: it must be read back before anything else happens. */
  z.strictObject({
    kind: z.literal("unknown"),
    reason: z.string(),
    /** How long, in milliseconds from now, the write may still be under way; absent where the platform cannot say. */
    settleMs: z.int().nonnegative().optional(),
  }),
]);
export type ApplyOutcome = z.infer<typeof ApplyOutcome>;

/** What reading back found after an unknown outcome. */
export const Reconciliation = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("applied"), revision: z.string(), chain: ChainCheck }),
  /** The operation id is in no audit entry and the revision has not moved: it may be sent (again). */
  z.strictObject({ kind: z.literal("not_applied") }),
  /** The flag moved without our operation id: a person must look. */
  z.strictObject({ kind: z.literal("unclear"), reason: z.string(), current: z.array(z.string()) }),
]);
export type Reconciliation = z.infer<typeof Reconciliation>;
