import type { Alert } from "../alert.ts";
import type { Assessment, Candidate } from "../assessment.ts";
import type { EvidenceGap } from "../evidence/evidence.ts";
import type { ChangeId, CorrelationId, DeliveryId, Instant } from "../ids.ts";
import type { Requester } from "../people.ts";
import type { Decision } from "../policy/decision.ts";
import type { IncidentEvent, IncidentScope } from "./events.ts";
import { countFiring, type IncidentState, isFiring, isInvestigated, isNews } from "./incident.ts";

export type IncidentCommand =
  | {
      command: "open";
      kind: "alert" | "request";
      groupKey: string;
      correlationId: CorrelationId;
      title: string;
      severity: Alert["severity"];
      scope: IncidentScope | null;
      tenant: string;
      channel: string;
      requester: Requester;
    }
  | { command: "join_alert"; deliveryId: DeliveryId; alert: Alert }
  | { command: "record_evidence"; bodyId: string; hash: string; items: number; gaps: EvidenceGap[] }
  | {
      command: "record_assessment";
      assessment: Assessment;
      candidates: Candidate[];
      transcript: { bodyId: string; hash: string } | null;
    }
  | { command: "withhold"; decision: Decision }
  | { command: "renew"; reason: string }
  | { command: "link"; changeId: ChangeId }
  | { command: "acknowledge"; userId: string; name: string }
  | { command: "mute"; until: Instant; userId: string; reason: string }
  | { command: "close"; userId: string };

/** `events` may be empty: the command is fine and changes nothing. */
export type IncidentAnswer =
  { kind: "events"; events: IncidentEvent[] } | { kind: "refused"; reason: string };

/** Pure. `now` is an argument; nothing is read from anywhere. */
export function decideIncident(
  command: IncidentCommand,
  state: IncidentState | null,
  now: Instant,
): IncidentAnswer {
  if (command.command === "open") {
    if (state !== null) return refused("the incident exists already");
    const { command: _, ...facts } = command;
    return events({ type: "incident_opened", at: now, ...facts });
  }
  if (state === null) return refused("there is no such incident");
  if (state.status === "closed") return refused("the incident is closed");

  switch (command.command) {
    case "join_alert":
      return joinAlert(command.alert, command.deliveryId, state, now);
    case "record_evidence": {
      const { bodyId, hash, items, gaps } = command;
      return events({ type: "evidence_gathered", at: now, bodyId, hash, items, gaps });
    }
    case "record_assessment":
      return events(...assessed(command, now));
    case "withhold":
      return events({ type: "drafting_withheld", at: now, decision: command.decision });
    case "renew":
      if (state.status === "resolved") return refused("the incident is resolved; an alert reopens it");
      // It is to be investigated anyway.
      if (!isInvestigated(state)) return events();
      return events({ type: "investigation_renewed", at: now, reason: command.reason });
    case "link":
      if (state.linkedChangeId === command.changeId) return events();
      return events({ type: "linked_to_change", at: now, changeId: command.changeId });
    case "acknowledge":
      if (state.acknowledgedBy !== null) {
        return state.acknowledgedBy.userId === command.userId
          ? events()
          : refused(`${state.acknowledgedBy.name} is already on it`);
      }
      return events({ type: "acknowledged", at: now, userId: command.userId, name: command.name });
    case "mute": {
      const { until, userId, reason } = command;
      return events({ type: "muted", at: now, until, userId, reason });
    }
    case "close":
      return events({ type: "incident_closed", at: now, userId: command.userId });
  }
}

function joinAlert(alert: Alert, deliveryId: DeliveryId, state: IncidentState, now: Instant): IncidentAnswer {
  if (alert.status === "firing") {
    if (!isNews(state, alert.fingerprint)) return events();
    return events({ type: "alert_joined", at: now, deliveryId, alert });
  }
  if (!isFiring(state, alert.fingerprint) || isOutdated(alert, state)) return events();
  const stillFiring = countFiring(state) > 1;
  return events(
    { type: "alert_resolved", at: now, deliveryId, fingerprint: alert.fingerprint },
    ...(stillFiring || state.status === "resolved" ? [] : [{ type: "incident_resolved" as const, at: now }]),
  );
}

/**
 * True for the end of an earlier firing of the same alert that comes after the alert fired again. Both its times must
 * say so: a source that gives no start has the time of arrival there, and may end before that of the firing.
 */
function isOutdated({ fingerprint, startedAt, endedAt }: Alert, { alerts }: IncidentState): boolean {
  const known = alerts.find(({ alert }) => alert.fingerprint === fingerprint);
  if (known === undefined || endedAt === null) return false;
  const firesSince = Date.parse(known.alert.startedAt);
  return Date.parse(endedAt) < firesSince && Date.parse(startedAt) <= firesSince;
}

function assessed(
  command: Extract<IncidentCommand, { command: "record_assessment" }>,
  now: Instant,
): IncidentEvent[] {
  const { assessment, candidates, transcript } = command;
  const recorded: IncidentEvent = { type: "assessed", at: now, assessment, candidates, transcript };
  if (assessment.candidateId !== null) return [recorded];
  return [recorded, { type: "no_change_recommended", at: now, reason: assessment.abstention }];
}

function events(...list: IncidentEvent[]): IncidentAnswer {
  return { kind: "events", events: list };
}

function refused(reason: string): IncidentAnswer {
  return { kind: "refused", reason };
}
