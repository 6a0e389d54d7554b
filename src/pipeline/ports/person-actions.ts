import type { ChangeState } from "../../domain/change/change.ts";
import type { Resolution } from "../../domain/change/events.ts";
import type { ChangeId, IncidentId, Instant } from "../../domain/ids.ts";
import type { FeedbackCount } from "../../domain/incident/feedback.ts";
import type { MuteState } from "../../domain/mute/mute.ts";
import type { PersonAction } from "../../domain/policy/roles.ts";
import type { IncidentView } from "./announcer.ts";
import type { FlagOverview } from "./flag-platform.ts";
import type { FlagSnapshot } from "../../domain/flag/flag.ts";
import type { FlagHistoryEntry } from "./flag-platform.ts";
import type { Quarantined } from "./storage.ts";

/** Whom to ask instead: Slack user group and user ids that hold a role which may. */
export interface WhoMay {
  groups: string[];
  users: string[];
}

/** The change that stands in the way, and the incident on whose card it is decided. */
export interface OpenChange {
  changeId: ChangeId;
  incidentId: IncidentId;
}

export type ActionAnswer =
  /** It is recorded. `text` is a plain sentence for the person; `changeId` a change it started. */
  | { kind: "done"; text: string; changeId?: ChangeId }
  /** It is not, and why; nothing changed except the record of the refusal. */
  | { kind: "refused"; reason: string; whoMay: WhoMay; openChange?: OpenChange }
  /** It could not be checked or written now; trying again is right. */
  | { kind: "unavailable"; reason: string };

/** A step by which an applied change could be widened, compiled already. */
export interface Expansion {
  id: string;
  label: string;
  diff: string[];
}

/**
 * What people do, through whatever front they use. Every method checks identity and permission itself (facts
 * at most 60 s old) and records refusals. Called twice with the same meaning it does one thing.
 */
export interface PersonActions {
  /** Before a modal is opened: may this person do this here? Records a refused vote. */
  check(changeId: ChangeId, userId: string, action: PersonAction): Promise<ActionAnswer>;
  vote(input: {
    changeId: ChangeId;
    version: number;
    digest: string;
    vote: "approve" | "reject";
    rationale: string;
    userId: string;
  }): Promise<ActionAnswer>;
  acknowledge(input: { incidentId: IncidentId; userId: string }): Promise<ActionAnswer>;
  /** Before a form is opened: may this person close this incident, and can it be closed now? Records a refusal. */
  checkCloseIncident(input: { incidentId: IncidentId; userId: string }): Promise<ActionAnswer>;
  /**
   * Ends an incident by hand. Refused without a reason, and while a change of it awaits approval or is being carried
   * out; other changes stay as they are.
   */
  closeIncident(input: { incidentId: IncidentId; userId: string; reason: string }): Promise<ActionAnswer>;
  /** keep, clean_up; `reviewAt` for anything temporary. */
  close(input: {
    changeId: ChangeId;
    userId: string;
    resolution: Extract<Resolution, "keep" | "clean_up">;
    owner: string;
    note: string;
    reviewAt: Instant | null;
  }): Promise<ActionAnswer>;
  /** Starts the linked reverse change. Refused, with both states in the reason, if the flag has moved since. */
  revert(input: { changeId: ChangeId; userId: string; reason: string }): Promise<ActionAnswer>;
  expansions(changeId: ChangeId): Promise<Expansion[]>;
  /** Starts the linked wider change. */
  expand(input: {
    changeId: ChangeId;
    userId: string;
    expansionId: string;
    reason: string;
  }): Promise<ActionAnswer>;
  /**
   * Has the incident of a superseded change looked at anew, so that a change is drafted from the flag as it is. Refused
   * while another change of the flag, or of the incident, is open.
   */
  redraft(input: { changeId: ChangeId; userId: string }): Promise<ActionAnswer>;
  /** Whether findings without a change were of use: any member of the workspace, one answer each, changeable. */
  giveFeedback(input: { incidentId: IncidentId; userId: string; useful: boolean }): Promise<ActionAnswer>;
  /** Before a form is opened: may this person mute this service? Records a refusal. */
  checkMute(input: { service: string; userId: string }): Promise<ActionAnswer>;
  /**
   * A maintenance window of 5 minutes to 24 hours: new incidents of the service are recorded, and shown and
   * investigated after it. An unknown service is refused with the closest one there is.
   */
  mute(input: { service: string; forMs: number; reason: string; userId: string }): Promise<ActionAnswer>;
  unmute(input: { service: string; reason: string; userId: string }): Promise<ActionAnswer>;
  /** After a broken audit chain: starts a change that brings back what was overwritten. */
  restoreOverwritten(input: { changeId: ChangeId; userId: string }): Promise<ActionAnswer>;
}

export interface Status {
  database: "up" | "down";
  queueBackend: "postgres" | "redis";
  /** Who drafts, in words; null where that is another process's. */
  drafter: string | null;
  openIncidents: number;
  pendingApprovals: number;
  waitingWork: number;
  parkedWork: { stage: string; subject: string; error: string; at: Instant }[];
  quarantined: number;
  /** Of every source that has any. */
  sources: { sourceId: string; waiting: number; quarantined: number }[];
  /** Open incidents that a mute keeps from being shown. */
  heldBack: number;
  /** Services that are muted now. */
  mutes: MuteState[];
  /** What people said of findings without a change in the last seven days. */
  feedback: FeedbackCount;
  controls: { key: string; value: string; reason: string }[];
}

/** What people read. Throws `OpsError` when the store or the flag platform cannot be asked. */
export interface Desk {
  incident(id: IncidentId): Promise<IncidentView | null>;
  change(id: ChangeId): Promise<ChangeState | null>;
  /** Changes awaiting approval, approved, executing or in need of a person; oldest first. */
  pending(): Promise<ChangeState[]>;
  /** Closed changes past their review date, then applied ones nobody has closed; each oldest first. */
  cleanup(): Promise<ChangeState[]>;
  status(): Promise<Status>;
  /** Services that are muted now, by name. */
  mutes(): Promise<MuteState[]>;
  /** Deliveries that could not be understood, newest first; of all sources or of one. */
  quarantined(limit: number, sourceId?: string): Promise<Quarantined[]>;
  /** `service/environment name` of every environment in the catalogue, for choosing. */
  environments(): { service: string; name: string; project: string; environment: string }[];
  flags(environment: {
    project: string;
    environment: string;
  }): Promise<{ project: string; environment: string; flags: FlagOverview[] }>;
  /** One flag in every catalogued environment that has it, with its last few changes. */
  flag(
    key: string,
  ): Promise<{ snapshot: FlagSnapshot; history: FlagHistoryEntry[]; webUrl: string | null }[]>;
}
