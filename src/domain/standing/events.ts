import { z } from "zod";
import { Severity } from "../alert.ts";
import { Confidence } from "../assessment.ts";
import { FlagRef } from "../flag/flag.ts";
import { ToolOperation } from "../flag/operation.ts";
import { ChangeId, Instant } from "../ids.ts";
import { ActionContract } from "../policy/action-contract.ts";
import { Decision } from "../policy/decision.ts";

const by = { at: Instant, userId: z.string(), name: z.string() };

/** What a standing approval covers: one operation on one flag, under a condition, so often and so long. */
export const StandingBounds = z.strictObject({
  ref: FlagRef,
  /** Exactly this one, its arguments included. */
  operation: ToolOperation,
  condition: z.strictObject({
    /** The incident must be at least that severe; null: whatever it is. */
    severity: Severity.nullable(),
    /** The drafter must be at least that sure. */
    confidence: Confidence.nullable(),
    /** Only incidents of this service. */
    service: z.string(),
  }),
  maxUses: z.int().positive().max(20),
  until: Instant,
});
export type StandingBounds = z.infer<typeof StandingBounds>;

/** What happened to one standing approval. */
export const StandingEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("standing_requested"),
    ...by,
    bounds: StandingBounds,
    /** One line in words, made by code. */
    summary: z.string(),
    reason: z.string(),
    roles: z.array(z.string()),
    action: ActionContract,
    decision: Decision,
  }),
  /** One more person agrees, with the roles through which they may. */
  z.strictObject({
    type: z.literal("standing_endorsed"),
    ...by,
    roles: z.array(z.string()),
    decision: Decision,
  }),
  /** As many agree as the contract asks for: from now on it counts. */
  z.strictObject({ type: z.literal("standing_granted"), at: Instant }),
  z.strictObject({ type: z.literal("standing_used"), at: Instant, changeId: ChangeId }),
  z.strictObject({ type: z.literal("standing_revoked"), ...by, reason: z.string() }),
  /** Somebody asked for something about it and may not. */
  z.strictObject({
    type: z.literal("standing_refused"),
    ...by,
    asked: z.enum(["grant", "revoke"]),
    reason: z.string(),
  }),
]);
export type StandingEvent = z.infer<typeof StandingEvent>;
