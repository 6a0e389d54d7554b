import { z } from "zod";
import { Alert, Severity, worse } from "../alert.ts";
import { Assessment, Candidate } from "../assessment.ts";
import { EvidenceGap } from "../evidence/evidence.ts";
import { ChangeId, IncidentId, Instant } from "../ids.ts";
import { Decision } from "../policy/decision.ts";
import { openingFacts, type IncidentEvent } from "./events.ts";

/** An alert as the incident keeps it. Of those before the last `keptAlerts` only what tells a repeat from news. */
const KnownAlert = z.strictObject({ alert: Alert, joinedAt: Instant, resolvedAt: Instant.nullable() });

export const keptAlerts = 50;

/** Beyond this many different alerts in one incident the oldest are forgotten, and counted again if they come back. */
export const rememberedAlerts = 2000;

/** Alerts that belong together: one Slack thread. Folded from its events and from nothing else. */
export const IncidentState = z.strictObject({
  id: IncidentId,
  ...openingFacts,
  status: z.enum(["open", "resolved", "closed"]),
  severity: Severity,
  openedAt: Instant,
  /** When the trouble that is looked at now was first heard of: at the opening, or when it came back. */
  episodeStartedAt: Instant,
  resolvedAt: Instant.nullable(),
  alerts: z.array(KnownAlert),
  /** Older alerts, by fingerprint: a storm must neither be forgotten while it fires nor be heard anew. */
  earlierAlerts: z.array(z.strictObject({ fingerprint: z.string(), firing: z.boolean() })),
  /** All alerts that ever joined, those not kept in `alerts` included. */
  alertCount: z.int().nonnegative(),
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
});
export type IncidentState = z.infer<typeof IncidentState>;

/** True once drafting has come to an end of some kind and need not run again. */
export function isInvestigated(incident: IncidentState): boolean {
  return incident.investigatedAt !== null;
}

/** The alerts that fire, by fingerprint, those of which nothing else is kept included. */
export function firingAlerts({ alerts, earlierAlerts }: IncidentState): Set<string> {
  return new Set([
    ...earlierAlerts.flatMap(({ fingerprint, firing }) => (firing ? [fingerprint] : [])),
    ...alerts.flatMap(({ alert, resolvedAt }) => (resolvedAt === null ? [alert.fingerprint] : [])),
  ]);
}

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
      return joined(state, event);
    case "alert_resolved":
      return {
        ...state,
        alerts: state.alerts.map((known) =>
          known.alert.fingerprint === event.fingerprint ? { ...known, resolvedAt: event.at } : known,
        ),
        earlierAlerts: state.earlierAlerts.map((known) =>
          known.fingerprint === event.fingerprint ? { ...known, firing: false } : known,
        ),
      };
    case "evidence_gathered": {
      const { bodyId, hash, items, gaps, at } = event;
      return { ...state, evidence: { bodyId, hash, items, gaps, at } };
    }
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
    case "linked_to_change":
      return { ...state, linkedChangeId: event.changeId };
    case "acknowledged":
      return { ...state, acknowledgedBy: { userId: event.userId, name: event.name, at: event.at } };
    case "muted":
      return { ...state, mutedUntil: event.until };
    case "incident_resolved":
      return { ...state, status: "resolved", resolvedAt: event.at };
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

const reopened = {
  ...unknownYet,
  status: "open",
  resolvedAt: null,
} as const satisfies Partial<IncidentState>;

function joined(
  state: IncidentState,
  { alert, at }: Extract<IncidentEvent, { type: "alert_joined" }>,
): IncidentState {
  const others = state.alerts.filter((known) => known.alert.fingerprint !== alert.fingerprint);
  const earlier = state.earlierAlerts.filter((known) => known.fingerprint !== alert.fingerprint);
  const isNew = others.length === state.alerts.length && earlier.length === state.earlierAlerts.length;
  const alerts = [...others, { alert, joinedAt: at, resolvedAt: null }];
  const outgrown = alerts
    .slice(0, -keptAlerts)
    .map((known) => ({ fingerprint: known.alert.fingerprint, firing: known.resolvedAt === null }));
  return {
    ...state,
    ...(state.status === "resolved" ? { ...reopened, episodeStartedAt: at } : {}),
    severity: worse(state.severity, alert.severity),
    alerts: alerts.slice(-keptAlerts),
    earlierAlerts: [...earlier, ...outgrown].slice(-rememberedAlerts),
    alertCount: state.alertCount + (isNew ? 1 : 0),
  };
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
    earlierAlerts: [],
    alertCount: 0,
    evidence: null,
    assessment: null,
    candidates: [],
    noChange: null,
    withheld: null,
    investigatedAt: null,
    linkedChangeId: null,
    acknowledgedBy: null,
    mutedUntil: null,
  };
}
