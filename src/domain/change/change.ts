import { z } from "zod";
import { ChangeId, CorrelationId, IncidentId, Instant, later } from "../ids.ts";
import { Decision } from "../policy/decision.ts";
import { Mode } from "../policy/mode.ts";
import { Verification } from "../verification.ts";
import { Attestation, BrokenGlass, type ChangeEvent, Resolution, StandingUse, Vote } from "./events.ts";
import { ChainCheck } from "./outcome.ts";
import { Proposal } from "./proposal.ts";

export const ChangeStatus = z.enum([
  "denied",
  "shown",
  "awaiting_approval",
  "approved",
  "executing",
  "applied",
  "rejected",
  "expired",
  "superseded",
  "failed",
  "needs_human",
  "closed",
]);
export type ChangeStatus = z.infer<typeof ChangeStatus>;

/** At most one change per flag and environment may be in one of these (a unique index holds it). */
export const openStatuses = ["awaiting_approval", "approved", "executing", "needs_human"] as const;

export function isOpen(status: ChangeStatus): boolean {
  return (openStatuses as readonly ChangeStatus[]).includes(status);
}

/** One governed modification of one flag, folded from its events and from nothing else. */
export const ChangeState = z.strictObject({
  id: ChangeId,
  incidentId: IncidentId,
  correlationId: CorrelationId,
  status: ChangeStatus,
  /** Version of the proposal: 1, and one more with every revision. Votes count only for the current one. */
  version: z.int().positive(),
  proposedAt: Instant,
  proposal: Proposal,
  decision: Decision.nullable(),
  votes: z.array(Vote),
  /** How many of the decision's chase steps have been taken since votes were asked for. */
  chased: z.int().nonnegative().default(0),
  /** Roles that an escalation has brought in. */
  escalatedTo: z.array(z.string()).default([]),
  /** Who edited the draft, in order: none of them can be its only approver. */
  edits: z
    .array(
      z.strictObject({ userId: z.string(), name: z.string(), changed: z.array(z.string()), at: Instant }),
    )
    .default([]),
  attestation: Attestation.nullable().default(null),
  glass: BrokenGlass.nullable().default(null),
  standing: StandingUse.nullable().default(null),
  /** Until when it may be approved, and once approved, be executed. Null where no approval is possible. */
  expiresAt: Instant.nullable(),
  execution: z
    .strictObject({
      operationId: z.string(),
      epoch: z.int(),
      startedAt: Instant,
      uncertain: z.string().nullable(),
    })
    .nullable(),
  applied: z
    .strictObject({ at: Instant, revision: z.string(), chain: ChainCheck, reconciled: z.boolean() })
    .nullable(),
  /** Why it ended where it did: rejected, denied, superseded, failed, needs_human. */
  ended: z
    .strictObject({
      reason: z.string(),
      current: z.array(z.string()),
      by: z.string(),
      at: Instant,
      /** Of one that expired: what stays of it. */
      fallback: Mode.optional(),
    })
    .nullable(),
  verification: Verification.nullable(),
  closure: z
    .strictObject({
      resolution: Resolution,
      owner: z.string(),
      note: z.string(),
      by: z.string(),
      at: Instant,
      reviewAt: Instant.nullable(),
      linkedChangeId: ChangeId.nullable(),
    })
    .nullable(),
  /** The review date has passed and nobody has closed it again. */
  reviewDue: z.boolean(),
});
export type ChangeState = z.infer<typeof ChangeState>;

/** Folds one event. Throws only where the ledger itself is broken. */
export function evolveChange(id: ChangeId, state: ChangeState | null, event: ChangeEvent): ChangeState {
  if (event.type === "change_proposed") return proposed(id, event);
  if (state === null) throw new Error(`change/${id}: the first event is ${event.type}, not change_proposed`);
  switch (event.type) {
    case "change_revised":
      return {
        ...state,
        proposal: event.proposal,
        version: state.version + 1,
        edits: [
          ...state.edits,
          { userId: event.userId, name: event.by, changed: event.changed, at: event.at },
        ],
        ...nothingAsked,
        attestation: null,
        decision: null,
        expiresAt: null,
      };
    case "decided":
      return decided(state, event);
    case "vote_cast":
      return { ...state, votes: [...state.votes, event.vote] };
    case "vote_refused":
    case "action_refused":
      return state;
    case "change_approved":
      return { ...state, status: "approved", expiresAt: event.expiresAt };
    case "votes_voided":
      return {
        ...state,
        ...nothingAsked,
        status: "awaiting_approval",
        expiresAt: event.expiresAt,
      };
    case "approval_chased":
      return {
        ...state,
        chased: state.chased + 1,
        escalatedTo: [...new Set([...state.escalatedTo, ...event.roles])],
      };
    case "attested":
      return { ...state, attestation: event.attestation };
    case "glass_broken":
      return { ...state, glass: event.glass };
    case "standing_used":
      return { ...state, standing: event.use };
    case "change_rejected":
      return ended(state, "rejected", event.rationale, event.at, { by: event.by });
    case "change_denied":
      return ended(state, "denied", event.reason, event.at);
    case "change_expired":
      return ended(state, "expired", lateBecause(state), event.at, { fallback: event.fallback });
    case "change_superseded":
      return ended(state, "superseded", event.reason, event.at, { current: event.current });
    case "execution_started": {
      const { operationId, epoch, at: startedAt } = event;
      return { ...state, status: "executing", execution: { operationId, epoch, startedAt, uncertain: null } };
    }
    case "execution_uncertain":
      return {
        ...state,
        execution: state.execution === null ? null : { ...state.execution, uncertain: event.reason },
      };
    case "change_applied": {
      const { at, revision, chain, reconciled } = event;
      return { ...state, status: "applied", applied: { at, revision, chain, reconciled } };
    }
    case "execution_failed":
      return ended(state, "failed", event.reason, event.at);
    case "human_needed":
      return ended(state, "needs_human", event.reason, event.at, { current: event.current });
    case "change_verified":
      return { ...state, verification: event.verification };
    case "change_closed": {
      const { resolution, owner, note, by, at, reviewAt, linkedChangeId } = event;
      const closure = { resolution, owner, note, by, at, reviewAt, linkedChangeId };
      return { ...state, status: "closed", closure, reviewDue: false };
    }
    case "review_due":
      return { ...state, reviewDue: true };
  }
}

/** Nobody has said anything yet of what is asked now. */
const nothingAsked = {
  votes: [],
  chased: 0,
  escalatedTo: [],
  glass: null,
  standing: null,
} satisfies Partial<ChangeState>;

function proposed(id: ChangeId, event: Extract<ChangeEvent, { type: "change_proposed" }>): ChangeState {
  return {
    id,
    incidentId: event.incidentId,
    correlationId: event.correlationId,
    status: "shown",
    version: 1,
    proposedAt: event.at,
    proposal: event.proposal,
    decision: null,
    ...nothingAsked,
    edits: [],
    attestation: null,
    expiresAt: null,
    execution: null,
    applied: null,
    ended: null,
    verification: null,
    closure: null,
    reviewDue: false,
  };
}

/** Only the decision at drafting moves the status; later ones are recorded beside the event that acts on them. */
function decided(state: ChangeState, event: Extract<ChangeEvent, { type: "decided" }>): ChangeState {
  const { decision } = event;
  // A mode that was lower for a moment refused a vote; what the change needs has not changed.
  const passing = decision.kind === "constrain" || decision.kind === "fallback";
  if (event.occasion === "vote" && passing) return state;
  if (event.occasion === "break_glass" && decision.kind !== "allow") return state;
  if (event.occasion !== "draft") return { ...state, decision };
  switch (decision.kind) {
    case "deny":
      return { ...ended(state, "denied", decision.reasons.join(" "), event.at), decision };
    case "constrain":
    case "fallback":
      return { ...state, status: "shown", decision };
    case "queue_for_review":
    case "allow":
      return {
        ...state,
        status: "awaiting_approval",
        decision,
        expiresAt: later(event.at, decision.requirement.expiresAfterMs),
      };
  }
}

function lateBecause({ status }: ChangeState): string {
  return status === "approved"
    ? "It was approved, and could not be carried out in time."
    : "Nobody decided in time.";
}

function ended(
  state: ChangeState,
  status: ChangeStatus,
  reason: string,
  at: Instant,
  more: { current?: string[]; by?: string; fallback?: Mode | undefined } = {},
): ChangeState {
  const { current = [], by = "", fallback } = more;
  return { ...state, status, ended: { reason, current, by, at, ...(fallback && { fallback }) } };
}
