import { z } from "zod";
import { type Severity, severer } from "../alert.ts";
import { type Confidence, lowerConfidence } from "../assessment.ts";
import { isRestore } from "../flag/operation.ts";
import { sameJson } from "../flag/flag.ts";
import type { Plan } from "../flag/plan.ts";
import { ChangeId, Instant, StandingId } from "../ids.ts";
import { StandingBounds, type StandingEvent } from "./events.ts";

/** A click made ahead of its use, folded from `standing/<id>` and from nothing else. */
export const StandingState = z.strictObject({
  id: StandingId,
  status: z.enum(["requested", "granted", "revoked"]),
  bounds: StandingBounds,
  summary: z.string(),
  reason: z.string(),
  requestedBy: z.strictObject({ userId: z.string(), name: z.string() }),
  requestedAt: Instant,
  /** Those who agreed, the one who asked not among them. */
  endorsedBy: z.array(z.strictObject({ userId: z.string(), name: z.string(), roles: z.array(z.string()) })),
  grantedAt: Instant.nullable(),
  uses: z.array(z.strictObject({ changeId: ChangeId, at: Instant })),
  revoked: z
    .strictObject({ userId: z.string(), name: z.string(), reason: z.string(), at: Instant })
    .nullable(),
});
export type StandingState = z.infer<typeof StandingState>;

/** Folds one event. Throws only where the ledger itself is broken. */
export function evolveStanding(
  id: StandingId,
  state: StandingState | null,
  event: StandingEvent,
): StandingState {
  if (event.type === "standing_requested") {
    const { bounds, summary, reason, userId, name, at } = event;
    return {
      id,
      status: "requested",
      bounds,
      summary,
      reason,
      requestedBy: { userId, name },
      requestedAt: at,
      endorsedBy: [],
      grantedAt: null,
      uses: [],
      revoked: null,
    };
  }
  if (state === null)
    throw new Error(`standing/${id}: the first event is ${event.type}, not standing_requested`);
  switch (event.type) {
    case "standing_endorsed": {
      const { userId, name, roles } = event;
      return { ...state, endorsedBy: [...state.endorsedBy, { userId, name, roles }] };
    }
    case "standing_granted":
      return { ...state, status: "granted", grantedAt: event.at };
    case "standing_used":
      return { ...state, uses: [...state.uses, { changeId: event.changeId, at: event.at }] };
    case "standing_revoked": {
      const { userId, name, reason, at } = event;
      return { ...state, status: "revoked", revoked: { userId, name, reason, at } };
    }
    case "standing_refused":
      return state;
  }
}

/** True while it may still be carried out: granted, not revoked, and its time not over. */
export function isLive({ status, bounds }: StandingState, now: Instant): boolean {
  return status === "granted" && bounds.until > now;
}

export function usesLeft({ bounds, uses }: StandingState): number {
  return Math.max(0, bounds.maxUses - uses.length);
}

/** Who stands behind it, in words. */
export function grantedBy({ requestedBy, endorsedBy }: StandingState): string {
  return [requestedBy.name, ...endorsedBy.map(({ name }) => name)].join(" and ");
}

export interface StandingUseFacts {
  plan: Pick<Plan, "ref" | "operation">;
  severity: Severity;
  confidence: Confidence | null;
  service: string;
}

/** True where this standing approval is live, has a use left, and contains exactly this plan. */
export function covers(standing: StandingState, facts: StandingUseFacts, now: Instant): boolean {
  const { ref, operation, condition } = standing.bounds;
  const { plan, severity, confidence, service } = facts;
  return (
    isLive(standing, now) &&
    usesLeft(standing) > 0 &&
    ref.environmentId === plan.ref.environmentId &&
    ref.key === plan.ref.key &&
    !isRestore(plan.operation) &&
    sameJson(operation, plan.operation) &&
    condition.service === service &&
    (condition.severity === null || !severer(condition.severity, severity)) &&
    (condition.confidence === null || isAsSure(confidence, condition.confidence))
  );
}

function isAsSure(confidence: Confidence | null, least: Confidence): boolean {
  return confidence !== null && lowerConfidence(confidence, least) === least;
}
