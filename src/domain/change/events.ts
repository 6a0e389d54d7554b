import { z } from "zod";
import { ChangeId, CorrelationId, IncidentId, Instant, StandingId } from "../ids.ts";
import { ChaseStep, Decision } from "../policy/decision.ts";
import { Mode } from "../policy/mode.ts";
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

/** One permitted person's word, in an emergency, in the place of the quorum. */
export const BrokenGlass = z.strictObject({
  userId: z.string().min(1),
  name: z.string(),
  roles: z.array(z.string()),
  /** What they typed to confirm it. */
  words: z.string().max(300),
  rationale: z.string().max(3000),
  version: z.int().positive(),
  digest: z.string(),
  at: Instant,
  /** Until when it may be carried out. */
  until: Instant,
});
export type BrokenGlass = z.infer<typeof BrokenGlass>;

/** What a person states of the world before a change may be approved. */
export const Attestation = z.strictObject({
  userId: z.string().min(1),
  name: z.string(),
  statement: z.string(),
  digest: z.string(),
  at: Instant,
});
export type Attestation = z.infer<typeof Attestation>;

/** The standing approval that this change used up one use of. */
export const StandingUse = z.strictObject({
  standingId: StandingId,
  /** Who granted it, in words. */
  by: z.string(),
  digest: z.string(),
  at: Instant,
});
export type StandingUse = z.infer<typeof StandingUse>;

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
  z.strictObject({
    type: z.literal("change_revised"),
    ...at,
    proposal: Proposal,
    /** Name and Slack user id of who edited it. */
    by: z.string(),
    userId: z.string().default(""),
    /** What they changed, in words; one line each. */
    changed: z.array(z.string()).default([]),
    rationale: z.string().max(3000).default(""),
  }),
  z.strictObject({
    type: z.literal("decided"),
    ...at,
    occasion: z.enum(["draft", "vote", "break_glass", "execution"]),
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
  z.strictObject({
    type: z.literal("change_expired"),
    ...at,
    /** What stays: with `draft_write` the draft, to be done by hand. Absent: nothing. */
    fallback: Mode.optional(),
  }),
  /** Votes were asked for a while ago: people were reminded, the expected time was missed, or more people may decide. */
  z.strictObject({
    type: z.literal("approval_chased"),
    ...at,
    kind: ChaseStep.shape.kind,
    afterMs: z.int().positive(),
    roles: z.array(z.string()),
  }),
  z.strictObject({ type: z.literal("attested"), ...at, attestation: Attestation }),
  z.strictObject({ type: z.literal("glass_broken"), ...at, glass: BrokenGlass }),
  z.strictObject({ type: z.literal("standing_used"), ...at, use: StandingUse }),
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
