import type { Alert } from "../alert.ts";
import type { Assessment, Candidate } from "../assessment.ts";
import type { EvidenceGap } from "../evidence/evidence.ts";
import { type ChangeId, type CorrelationId, type DeliveryId, type Instant, later } from "../ids.ts";
import type { Requester } from "../people.ts";
import type { Decision } from "../policy/decision.ts";
import type { PersonAction } from "../policy/roles.ts";
import type { ToolCall } from "../tool-call.ts";
import type { IncidentEvent, IncidentScope } from "./events.ts";
import { alertKey, isKept, kindOfAlert } from "./heard-alerts.ts";
import { answersTo, hasFindingsWithoutChange } from "./feedback.ts";
import { countFiring, type IncidentState, isFiring, isInvestigated, isNews } from "./incident.ts";

/** When to and fro is too much: so many returns within so long. */
export interface Damping {
  times: number;
  withinMs: number;
}

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
      noScopeBecause?: string;
      report?: { text: string; at: Instant };
    }
  | {
      command: "join_alert";
      deliveryId: DeliveryId;
      alert: Alert;
      /** Key of the alert of this incident that silences it. */
      inhibitedBy?: string;
      /** Absent: an incident resolves and comes back as often as its alerts do. */
      damping?: Damping;
    }
  /** Ends what is held open as flapping, once it has been quiet for so long. */
  | { command: "settle"; quietMs: number }
  | { command: "record_evidence"; bodyId: string; hash: string; items: number; gaps: EvidenceGap[] }
  | { command: "record_tool_call"; call: ToolCall }
  | {
      command: "record_assessment";
      assessment: Assessment;
      candidates: Candidate[];
      transcript: { bodyId: string; hash: string } | null;
    }
  | { command: "withhold"; decision: Decision }
  | { command: "renew"; reason: string }
  | { command: "redraft"; changeId: ChangeId; userId: string; name: string }
  | { command: "give_feedback"; userId: string; name: string; useful: boolean }
  | { command: "link"; changeId: ChangeId }
  | { command: "acknowledge"; userId: string; name: string }
  | { command: "mute"; until: Instant; userId: string; reason: string; service?: string }
  | { command: "lift_mute"; userId: string; reason: string }
  | { command: "refuse"; action: PersonAction; userId: string; name: string; reason: string }
  /** Without a person: a new incident of its group takes its place. */
  | { command: "close"; userId: string; name: string; reason: string };

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
  if (command.command === "refuse") {
    const { action, reason } = command;
    return events({ type: "action_refused", at: now, action, ...personOf(command), reason });
  }
  if (state.status === "closed") return refused("the incident is closed");

  switch (command.command) {
    case "join_alert":
      return command.alert.status === "firing" ? fire(command, state, now) : resolve(command, state, now);
    case "settle": {
      const { flappingSince, lastHeardAt } = state;
      const isQuiet = lastHeardAt === null || later(lastHeardAt, command.quietMs) <= now;
      if (flappingSince === null || countFiring(state) > 0 || !isQuiet) return events();
      return events({ type: "incident_resolved", at: now });
    }
    case "record_evidence": {
      const { bodyId, hash, items, gaps } = command;
      return events({ type: "evidence_gathered", at: now, bodyId, hash, items, gaps });
    }
    case "record_tool_call":
      return events({ type: "tool_called", at: now, ...command.call });
    case "record_assessment":
      return events(...assessed(command, now));
    case "withhold":
      return events({ type: "drafting_withheld", at: now, decision: command.decision });
    case "renew":
      if (state.status === "resolved") return refused("the incident is resolved; an alert reopens it");
      // It is to be investigated anyway.
      if (!isInvestigated(state)) return events();
      return events({ type: "investigation_renewed", at: now, reason: command.reason });
    case "redraft":
      if (state.status === "resolved")
        return refused("the incident is resolved, so there is nothing to change");
      // It is being looked at again already.
      if (!isInvestigated(state)) return events();
      return events({ type: "redraft_requested", at: now, ...personOf(command), changeId: command.changeId });
    case "give_feedback": {
      const { useful } = command;
      if (!hasFindingsWithoutChange(state)) return refused("there are no findings without a change to judge");
      if (answersTo(state).some((given) => given.userId === command.userId && given.useful === useful)) {
        return events();
      }
      return events({ type: "feedback_given", at: now, ...personOf(command), useful });
    }
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
      const { command: _, ...facts } = command;
      return events({ type: "muted", at: now, ...facts });
    }
    case "lift_mute": {
      const { userId, reason } = command;
      if (state.mutedUntil === null || state.mutedUntil <= now) return events();
      return events({ type: "mute_lifted", at: now, userId, reason });
    }
    case "close":
      return events({ type: "incident_closed", at: now, ...personOf(command), reason: command.reason });
  }
}

type JoinAlert = Extract<IncidentCommand, { command: "join_alert" }>;

function fire({ alert, deliveryId, inhibitedBy, damping }: JoinAlert, state: IncidentState, now: Instant) {
  if (!isNews(state, alertKey(state, alert), alert.severity)) return events();
  const silenced = inhibitedBy === undefined ? {} : { inhibitedBy };
  const { sourceId, fingerprint, severity } = alert;
  const heard: IncidentEvent = isKept(state, severity)
    ? { type: "alert_joined", at: now, deliveryId, alert, ...silenced }
    : {
        type: "alert_counted",
        at: now,
        deliveryId,
        sourceId,
        fingerprint,
        severity,
        kind: kindOfAlert(alert),
        ...silenced,
      };
  const times = damping === undefined ? null : timesTooMany(state, damping, now);
  return times === null ? events(heard) : events({ type: "flapping_started", at: now, times }, heard);
}

/** How often it came back lately, this time included, where that is too often; else null. */
function timesTooMany(state: IncidentState, { times, withinMs }: Damping, now: Instant): number | null {
  if (state.status !== "resolved") return null;
  const lately = state.reopenedAt.filter((at) => later(at, withinMs) >= now).length + 1;
  return lately >= times ? lately : null;
}

function resolve({ alert, deliveryId }: JoinAlert, state: IncidentState, now: Instant): IncidentAnswer {
  const key = alertKey(state, alert);
  if (!isFiring(state, key) || isOutdated(alert, key, state)) return events();
  const staysOpen = countFiring(state) > 1 || state.status === "resolved" || state.flappingSince !== null;
  return events(
    { type: "alert_resolved", at: now, deliveryId, fingerprint: key },
    ...(staysOpen ? [] : [{ type: "incident_resolved" as const, at: now }]),
  );
}

/**
 * True for the end of an earlier firing of the same alert that comes after the alert fired again. Both its times must
 * say so: a source that gives no start has the time of arrival there, and may end before that of the firing.
 */
function isOutdated({ startedAt, endedAt }: Alert, key: string, state: IncidentState): boolean {
  const known = state.alerts.find(({ alert }) => alertKey(state, alert) === key);
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

function personOf({ userId, name }: { userId: string; name: string }): { userId: string; name: string } {
  return { userId, name };
}

function events(...list: IncidentEvent[]): IncidentAnswer {
  return { kind: "events", events: list };
}

function refused(reason: string): IncidentAnswer {
  return { kind: "refused", reason };
}
