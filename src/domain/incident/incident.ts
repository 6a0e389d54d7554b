import { z } from "zod";
import { type Severity, severer } from "../alert.ts";
import { Assessment, Candidate } from "../assessment.ts";
import { EvidenceGap } from "../evidence/evidence.ts";
import { ChangeId, IncidentId, Instant } from "../ids.ts";
import { Decision } from "../policy/decision.ts";
import { openingFacts, type IncidentEvent } from "./events.ts";
import { Feedback, withAnswer } from "./feedback.ts";
import { alertEnded, alertHeard, alertKey, headOf, heardAlerts, mostFiring } from "./heard-alerts.ts";

/** Alerts that belong together: one Slack thread. Folded from its events and from nothing else. */
export const IncidentState = z.strictObject({
  id: IncidentId,
  ...openingFacts,
  status: z.enum(["open", "resolved", "closed"]),
  openedAt: Instant,
  /** When the trouble that is looked at now was first heard of: at the opening, or when it came back. */
  episodeStartedAt: Instant,
  resolvedAt: Instant.nullable(),
  ...heardAlerts,
  /** When it last came back after it had resolved; the newest few. */
  reopenedAt: z.array(Instant).default([]),
  /** Since when it is held open because it goes to and fro; null: it is not. */
  flappingSince: Instant.nullable().default(null),
  evidence: z
    .strictObject({
      bodyId: z.string(),
      hash: z.string(),
      items: z.int(),
      gaps: z.array(EvidenceGap),
      at: Instant,
    })
    .nullable(),
  assessment: Assessment.nullable(),
  candidates: z.array(Candidate),
  noChange: z.strictObject({ reason: z.string() }).nullable(),
  withheld: Decision.nullable(),
  /** When it was found out what is behind this episode, or that it is not to be; null while that is to be done. */
  investigatedAt: Instant.nullable(),
  linkedChangeId: ChangeId.nullable(),
  acknowledgedBy: z.strictObject({ userId: z.string(), name: z.string(), at: Instant }).nullable(),
  mutedUntil: Instant.nullable(),
  /** The service that was muted: an incident may be of a service and yet have no scope. */
  mutedService: z.string().nullable().default(null),
  feedback: z.array(Feedback).default([]),
});
export type IncidentState = z.infer<typeof IncidentState>;

/** True once drafting has come to an end of some kind and need not run again. */
export function isInvestigated(incident: IncidentState): boolean {
  return incident.investigatedAt !== null;
}

/** `key` is the alert's `alertKey`. */
export function isFiring(state: Omit<FiringFacts, "severity">, key: string): boolean {
  const { alerts, otherAlerts } = state;
  return (
    otherAlerts.firing.includes(key) ||
    alerts.some(({ alert, resolvedAt }) => resolvedAt === null && alertKey(state, alert) === key)
  );
}

/**
 * True where an alert that fires says something new: it did not fire before, and there is room for it. There always is
 * for what is worse than all before, which cannot be more often than there are severities.
 */
export function isNews(state: FiringFacts, key: string, severity: Severity): boolean {
  if (isFiring(state, key)) return false;
  return countFiring(state) < mostFiring || severer(severity, state.severity);
}

/** How many alerts fire; `mostFiring` means that there may be more. */
export function countFiring({ alerts, otherAlerts }: Pick<IncidentState, "alerts" | "otherAlerts">): number {
  return otherAlerts.firing.length + alerts.filter(({ resolvedAt }) => resolvedAt === null).length;
}

type FiringFacts = Pick<IncidentState, "alerts" | "otherAlerts" | "requester" | "severity">;

/** Folds one event. Throws only where the ledger itself is broken (no opening event). */
export function evolveIncident(
  id: IncidentId,
  state: IncidentState | null,
  event: IncidentEvent,
): IncidentState {
  if (event.type === "incident_opened") return opened(id, event);
  if (state === null)
    throw new Error(`incident/${id}: the first event is ${event.type}, not incident_opened`);
  switch (event.type) {
    case "alert_joined":
    case "alert_counted": {
      const again = againOpen(state, event.at);
      const kept = event.type === "alert_joined" ? event.alert : null;
      return { ...again, ...alertHeard(again, { ...headOf(event), kept }) };
    }
    case "alert_resolved":
      return { ...state, ...alertEnded(state, event.fingerprint, event.at) };
    case "flapping_started":
      return {
        ...state,
        status: "open",
        resolvedAt: null,
        flappingSince: event.at,
        // A mute of its last turn may have been ended since; one that runs is recorded anew.
        mutedUntil: null,
        mutedService: null,
        reopenedAt: reopenings(state, event.at),
      };
    case "evidence_gathered": {
      const { bodyId, hash, items, gaps, at } = event;
      return { ...state, evidence: { bodyId, hash, items, gaps, at } };
    }
    case "tool_called":
      // What it showed is part of the evidence, what it led to of the assessment.
      return state;
    case "assessed":
      return {
        ...state,
        assessment: event.assessment,
        candidates: event.candidates,
        investigatedAt: event.at,
      };
    case "no_change_recommended":
      return { ...state, noChange: { reason: event.reason }, investigatedAt: event.at };
    case "drafting_withheld":
      return { ...state, withheld: event.decision, investigatedAt: event.at };
    case "investigation_renewed":
      return { ...state, ...unknownYet, episodeStartedAt: event.at };
    case "redraft_requested":
      // The trouble is the same: when it began has not changed.
      return { ...state, ...unknownYet };
    case "feedback_given": {
      const { userId, name, useful, at } = event;
      const about = state.investigatedAt ?? at;
      return { ...state, feedback: withAnswer(state.feedback, { userId, name, useful, at, about }) };
    }
    case "linked_to_change":
      return { ...state, linkedChangeId: event.changeId };
    case "acknowledged":
      return { ...state, acknowledgedBy: { userId: event.userId, name: event.name, at: event.at } };
    case "muted":
      return {
        ...state,
        mutedUntil: event.until,
        mutedService: event.service ?? state.scope?.service ?? state.mutedService,
      };
    case "mute_lifted":
      return { ...state, mutedUntil: null, mutedService: null };
    case "incident_resolved":
      return {
        ...state,
        status: "resolved",
        resolvedAt: event.at,
        flappingSince: null,
        // What was held open has become quiet: to and fro is counted anew.
        reopenedAt: state.flappingSince === null ? state.reopenedAt : [],
      };
    case "action_refused":
      return state;
    case "incident_closed":
      return { ...state, status: "closed" };
  }
}

/** New trouble is looked at afresh: what was concluded the first time may not hold. */
const unknownYet = {
  evidence: null,
  assessment: null,
  candidates: [],
  noChange: null,
  withheld: null,
  investigatedAt: null,
  linkedChangeId: null,
} as const satisfies Partial<IncidentState>;

/** An alert that fires begins a new episode of what had resolved. */
function againOpen(state: IncidentState, at: Instant): IncidentState {
  if (state.status !== "resolved") return state;
  return {
    ...state,
    ...unknownYet,
    status: "open",
    resolvedAt: null,
    episodeStartedAt: at,
    mutedUntil: null,
    mutedService: null,
    reopenedAt: reopenings(state, at),
  };
}

const rememberedReopenings = 20;

function reopenings({ reopenedAt }: IncidentState, at: Instant): Instant[] {
  return [...reopenedAt, at].slice(-rememberedReopenings);
}

function opened(id: IncidentId, event: Extract<IncidentEvent, { type: "incident_opened" }>): IncidentState {
  const { type: _, at, ...facts } = event;
  return {
    id,
    ...facts,
    status: "open",
    openedAt: at,
    episodeStartedAt: at,
    resolvedAt: null,
    alerts: [],
    otherAlerts: { firing: [], ended: [] },
    alertCount: 0,
    kinds: [],
    sources: [],
    inhibited: [],
    lastHeardAt: null,
    reopenedAt: [],
    flappingSince: null,
    evidence: null,
    assessment: null,
    candidates: [],
    noChange: null,
    withheld: null,
    investigatedAt: null,
    linkedChangeId: null,
    acknowledgedBy: null,
    mutedUntil: null,
    mutedService: null,
    feedback: [],
  };
}
