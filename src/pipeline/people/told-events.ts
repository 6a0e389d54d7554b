import type { ChangeEvent } from "../../domain/change/events.ts";
import type { IncidentEvent } from "../../domain/incident/events.ts";

/**
 * Which events people are told of one by one. The rest is on the card as it stands, or between Signalman and one
 * person, and may come in any number: a storm's alerts, a stranger's clicks.
 */
const told: Record<IncidentEvent["type"] | ChangeEvent["type"], boolean> = {
  incident_opened: false,
  alert_joined: false,
  alert_counted: false,
  alert_resolved: false,
  flapping_started: true,
  evidence_gathered: false,
  tool_called: false,
  assessed: false,
  no_change_recommended: true,
  drafting_withheld: true,
  investigation_renewed: true,
  redraft_requested: true,
  feedback_given: false,
  linked_to_change: true,
  acknowledged: true,
  muted: true,
  mute_lifted: true,
  incident_resolved: true,
  incident_closed: true,
  change_proposed: true,
  change_revised: true,
  decided: true,
  vote_cast: true,
  vote_refused: false,
  action_refused: false,
  change_approved: true,
  change_rejected: true,
  change_denied: true,
  change_expired: true,
  approval_chased: true,
  attested: true,
  glass_broken: true,
  standing_used: true,
  change_superseded: true,
  votes_voided: true,
  execution_started: false,
  execution_uncertain: true,
  change_applied: true,
  execution_failed: true,
  human_needed: true,
  change_verified: true,
  change_closed: true,
  review_due: true,
};

export const toldEvents: readonly string[] = Object.entries(told).flatMap(([type, tells]) =>
  tells ? [type] : [],
);
