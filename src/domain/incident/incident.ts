import { z } from "zod";
import { Alert, Severity, worse } from "../alert.ts";
import { Assessment, Candidate } from "../assessment.ts";
import { EvidenceGap } from "../evidence/evidence.ts";
import { ChangeId, IncidentId, Instant } from "../ids.ts";
import { Decision } from "../policy/decision.ts";
import { openingFacts, type IncidentEvent } from "./events.ts";

/** An alert as the incident keeps it. Of those that are not among `keptAlerts` only the fingerprint is kept. */
const KnownAlert = z.strictObject({ alert: Alert, joinedAt: Instant, resolvedAt: Instant.nullable() });

export const keptAlerts = 50;

/**
 * The most different alerts that fire in one incident at once. While as many do, one more is not heard: it could not
 * be told from its own repeats, nor would its end be noticed. It joins when its source repeats it and there is room.
 */
export const mostFiring = 5000;

/** Of the alerts that have ended this many are known again; one that was forgotten is counted anew if it comes back. */
const rememberedEnded = 2000;

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
  /** Fingerprints of the alerts that `alerts` has no room for: a storm must not end before its last alert has. */
  otherAlerts: z.strictObject({ firing: z.array(z.string()), ended: z.array(z.string()) }),
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

export function isFiring({ alerts, otherAlerts }: IncidentState, fingerprint: string): boolean {
  return (
    otherAlerts.firing.includes(fingerprint) ||
    alerts.some(({ alert, resolvedAt }) => resolvedAt === null && alert.fingerprint === fingerprint)
  );
}

/** True where an alert that fires says something new: it did not fire before, and there is room for it. */
export function isNews(state: IncidentState, fingerprint: string): boolean {
  return !isFiring(state, fingerprint) && countFiring(state) < mostFiring;
}

/** How many alerts fire; `mostFiring` means that there may be more. */
export function countFiring({ alerts, otherAlerts }: IncidentState): number {
  return otherAlerts.firing.length + alerts.filter(({ resolvedAt }) => resolvedAt === null).length;
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
      return ended(state, event.fingerprint, event.at);
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
  const { fingerprint } = alert;
  const others = state.alerts.filter((known) => known.alert.fingerprint !== fingerprint);
  const { firing, ended } = state.otherAlerts;
  const isNew =
    others.length === state.alerts.length && !firing.includes(fingerprint) && !ended.includes(fingerprint);
  return withRoom({
    ...state,
    ...(state.status === "resolved" ? { ...reopened, episodeStartedAt: at } : {}),
    severity: worse(state.severity, alert.severity),
    alerts: [...others, { alert, joinedAt: at, resolvedAt: null }],
    otherAlerts: { firing: without(firing, fingerprint), ended: without(ended, fingerprint) },
    alertCount: state.alertCount + (isNew ? 1 : 0),
  });
}

/** Lets go of one alert too many: of one that has ended if there is any, else of the oldest. */
function withRoom(state: IncidentState): IncidentState {
  const { alerts, otherAlerts } = state;
  if (alerts.length <= keptAlerts) return state;
  const outgrown = alerts.find(({ resolvedAt }) => resolvedAt !== null) ?? alerts[0];
  if (outgrown === undefined) return state;
  const { fingerprint } = outgrown.alert;
  return {
    ...state,
    alerts: alerts.filter((known) => known !== outgrown),
    otherAlerts:
      outgrown.resolvedAt === null
        ? { ...otherAlerts, firing: [...otherAlerts.firing, fingerprint] }
        : { ...otherAlerts, ended: remembered([...otherAlerts.ended, fingerprint]) },
  };
}

function ended(state: IncidentState, fingerprint: string, at: Instant): IncidentState {
  const { firing, ended: over } = state.otherAlerts;
  return {
    ...state,
    alerts: state.alerts.map((known) =>
      known.alert.fingerprint === fingerprint ? { ...known, resolvedAt: at } : known,
    ),
    otherAlerts: firing.includes(fingerprint)
      ? { firing: without(firing, fingerprint), ended: remembered([...over, fingerprint]) }
      : state.otherAlerts,
  };
}

/** The same array where there is nothing to take out: a storm is folded alert by alert. */
function without(fingerprints: string[], fingerprint: string): string[] {
  return fingerprints.includes(fingerprint)
    ? fingerprints.filter((known) => known !== fingerprint)
    : fingerprints;
}

function remembered(fingerprints: string[]): string[] {
  return fingerprints.slice(-rememberedEnded);
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
