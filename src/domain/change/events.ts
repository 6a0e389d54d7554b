import { z } from "zod";
import { ChangeId, CorrelationId, IncidentId, Instant } from "../ids.ts";
import { Decision } from "../policy/decision.ts";
import { PersonAction } from "../policy/roles.ts";
import { Verification } from "../verification.ts";
import { ChainCheck } from "./outcome.ts";
import { Proposal } from "./proposal.ts";

const at = { at: Instant };

export const Vote = z.strictObject({
  vote: z.enum(["approve", "reject"]),
  userId: z.string().min(1),
  name: z.string(),
  /** Roles through which the vote was permitted when it was cast. */
  roles: z.array(z.string()),
  rationale: z.string().max(3000),
  version: z.int().positive(),
  digest: z.string(),
  at: Instant,
});
export type Vote = z.infer<typeof Vote>;

export const Resolution = z.enum(["keep", "expand", "roll_back", "clean_up"]);
export type Resolution = z.infer<typeof Resolution>;

export const ChangeEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("change_proposed"),
    ...at,
    incidentId: IncidentId,
    correlationId: CorrelationId,
    proposal: Proposal,
  }),
  z.strictObject({ type: z.literal("change_revised"), ...at, proposal: Proposal, by: z.string() }),
  z.strictObject({
    type: z.literal("decided"),
    ...at,
    occasion: z.enum(["draft", "vote", "execution"]),
    decision: Decision,
  }),
  z.strictObject({ type: z.literal("vote_cast"), ...at, vote: Vote }),
  z.strictObject({
    type: z.literal("vote_refused"),
    ...at,
    userId: z.string(),
    name: z.string(),
    vote: z.enum(["approve", "reject"]),
    reason: z.string(),
  }),
  /** A person asked for something other than a vote and may not have it. */
  z.strictObject({
    type: z.literal("action_refused"),
    ...at,
    action: PersonAction,
    userId: z.string(),
    name: z.string(),
    reason: z.string(),
  }),
  z.strictObject({ type: z.literal("change_approved"), ...at, digest: z.string(), expiresAt: Instant }),
  z.strictObject({ type: z.literal("change_rejected"), ...at, by: z.string(), rationale: z.string() }),
  z.strictObject({ type: z.literal("change_denied"), ...at, reason: z.string() }),
  z.strictObject({ type: z.literal("change_expired"), ...at }),
  z.strictObject({
    type: z.literal("change_superseded"),
    ...at,
    reason: z.string(),
    /** How the flag stands instead, in words. */
    current: z.array(z.string()),
  }),
  z.strictObject({ type: z.literal("votes_voided"), ...at, reason: z.string(), expiresAt: Instant }),
  z.strictObject({
    type: z.literal("execution_started"),
    ...at,
    operationId: z.string(),
    epoch: z.int().nonnegative(),
    digest: z.string(),
  }),
  z.strictObject({
    type: z.literal("execution_uncertain"),
    ...at,
    operationId: z.string(),
    reason: z.string(),
  }),
  z.strictObject({
    type: z.literal("change_applied"),
    ...at,
    operationId: z.string(),
    revision: z.string(),
    chain: ChainCheck,
    /** True when an uncertain outcome was settled by reading back. */
    reconciled: z.boolean(),
    /** From the start of the execution to the confirmed write. */
    latencyMs: z.int().nonnegative(),
  }),
  z.strictObject({ type: z.literal("execution_failed"), ...at, operationId: z.string(), reason: z.string() }),
  z.strictObject({
    type: z.literal("human_needed"),
    ...at,
    operationId: z.string(),
    reason: z.string(),
    current: z.array(z.string()),
  }),
  z.strictObject({ type: z.literal("change_verified"), ...at, verification: Verification }),
  z.strictObject({
    type: z.literal("change_closed"),
    ...at,
    resolution: Resolution,
    owner: z.string(),
    note: z.string().max(3000),
    by: z.string(),
    /** When the card reopens; null for something permanent. */
    reviewAt: Instant.nullable(),
    /** The linked reverse or expansion, if that is what ended it. */
    linkedChangeId: ChangeId.nullable(),
  }),
  z.strictObject({ type: z.literal("review_due"), ...at }),
]);
export type ChangeEvent = z.infer<typeof ChangeEvent>;
