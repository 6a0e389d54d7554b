import type { ExpectedEffect } from "../../domain/assessment.ts";
import type { ChangeState } from "../../domain/change/change.ts";
import type { Resolution } from "../../domain/change/events.ts";
import type { ChangeId, IncidentId, Instant, StandingId } from "../../domain/ids.ts";
import type { FeedbackCount } from "../../domain/incident/feedback.ts";
import type { Severity } from "../../domain/alert.ts";
import type { Confidence } from "../../domain/assessment.ts";
import type { AuthorityState } from "../../domain/authority/authority.ts";
import type { OverrideWish } from "../../domain/authority/events.ts";
import type { MuteState } from "../../domain/mute/mute.ts";
import type { PersonAction } from "../../domain/policy/roles.ts";
import type { StandingState } from "../../domain/standing/standing.ts";
import type { IncidentView } from "./announcer.ts";
import type { Home } from "./home.ts";
import type { FlagOverview } from "./flag-platform.ts";
import type { FlagRef, FlagSnapshot } from "../../domain/flag/flag.ts";
import type { Story } from "../../domain/story/story.ts";
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
  /** It is recorded. `text` is a plain sentence for the person; `changeId` a change, `incidentId` an incident it started. */
  | { kind: "done"; text: string; changeId?: ChangeId; incidentId?: IncidentId }
  /** It is not, and why; nothing changed except the record of the refusal. */
  | { kind: "refused"; reason: string; whoMay: WhoMay; openChange?: OpenChange }
  /** It could not be checked or written now; trying again is right. */
  | { kind: "unavailable"; reason: string };

/** Where somebody may have something looked into. */
export interface OfferedPlaces {
  kind: "offered";
  places: { service: string; environmentName: string }[];
  /** The one of them that the text names. */
  named: { service: string; environmentName: string } | null;
}

export interface LookIntoInput {
  userId: string;
  service: string;
  environmentName: string;
  /** Others' words: shown, and matched against runbooks, and never obeyed. */
  text: string;
  writtenAt: Instant;
  /** The same for the same message. */
  messageId: string;
}

/** A step by which an applied change could be widened, compiled already. */
export interface Expansion {
  id: string;
  label: string;
  diff: string[];
}

/** What a person chooses anew in a draft; null leaves it as it is. */
export interface Edit {
  /** Another candidate of the incident, instead of everything below about the operation. */
  candidateId: string | null;
  variationId: string | null;
  /** Share of the users that gets the variation, 0..100. */
  percent: number | null;
  segmentId: string | null;
  /** Which of the service's metrics should get better. */
  queryId: string | null;
  withinMs: number | null;
}

/** What may be chosen: lists are empty where the draft has nothing of the kind. */
export interface EditChoices {
  candidates: { id: string; label: string; diff: string[] }[];
  percent: boolean;
  variations: { id: string; name: string }[];
  segments: { id: string; name: string }[];
  metrics: { id: string; title: string }[];
  expected: ExpectedEffect | null;
}

/** Something a person may ask of a flag, compiled already unless it needs to be told more. */
export interface OperationChoice {
  id: string;
  label: string;
  /** Empty where it cannot be known yet. */
  diff: string[];
  needs: "percent" | "users" | null;
}

export interface ProposeInput {
  userId: string;
  project: string;
  environment: string;
  flagKey: string;
  choiceId: string;
  /** 0..100, for a choice that needs it. */
  percent: number | null;
  userKeys: readonly string[];
  reason: string;
}

/** A click to be made ahead: for exactly the operation of a change, or for turning a flag on or off. */
export interface StandingWish {
  of:
    | { kind: "change"; changeId: ChangeId }
    | {
        kind: "flag";
        service: string;
        environmentName: string;
        flagKey: string;
        tool: "flag.turn_off" | "flag.turn_on";
      };
  /** The incident must be at least that severe; null: whatever it is. */
  severity: Severity | null;
  /** The drafter must be at least that sure; null: however sure. */
  confidence: Confidence | null;
  maxUses: number;
  forMs: number;
  reason: string;
  userId: string;
}

export interface BreakGlassInput {
  changeId: ChangeId;
  version: number;
  digest: string;
  userId: string;
  /** What they typed to confirm it. */
  words: string;
  reason: string;
}

export interface EditInput {
  changeId: ChangeId;
  version: number;
  digest: string;
  userId: string;
  edit: Edit;
  reason: string;
}

/**
 * What people do, through whatever front they use. Every method checks identity and permission itself (facts
 * at most 60 s old) and records refusals. Called twice with the same meaning it does one thing.
 */
export interface PersonActions {
  /** What this person may decide on, what is open, and what Signalman may do. Records nothing. */
  home(userId: string): Promise<Home>;
  /** Why this person is shown nothing of ours, or cannot be asked about now; null for a member of our workspace. */
  barred(userId: string): Promise<string | null>;
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
  /**
   * Approves alone, in an emergency: for whoever may approve and break the glass, with the words that `emergencyWords`
   * gives typed by hand, and for as long as the tool's contract says.
   */
  breakGlass(input: BreakGlassInput): Promise<ActionAnswer>;
  /** What may be chosen anew in a draft; null where there is nothing to choose from any more. */
  editChoices(changeId: ChangeId): Promise<EditChoices | null>;
  /** Words a draft anew: it becomes the next version, votes are void, and its editor cannot be its only approver. */
  edit(input: EditInput): Promise<ActionAnswer>;
  /** States what has to be stated before the change may be approved. */
  attest(input: {
    changeId: ChangeId;
    version: number;
    digest: string;
    userId: string;
  }): Promise<ActionAnswer>;
  /** Before a form is opened: where may this person have a message looked into? Records a refusal. */
  offerPlaces(input: {
    userId: string;
    text: string;
  }): Promise<OfferedPlaces | Exclude<ActionAnswer, { kind: "done" }>>;
  /**
   * Opens an incident about a message, for whoever may propose changes there, and has it investigated. Refused for
   * a message older than a day.
   */
  lookInto(input: LookIntoInput): Promise<ActionAnswer>;
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
  /** What this person may ask of this flag, as it is now. */
  offerOperations(input: {
    userId: string;
    project: string;
    environment: string;
    flagKey: string;
  }): Promise<{ kind: "offered"; choices: OperationChoice[] } | Exclude<ActionAnswer, { kind: "done" }>>;
  /** Starts a change that the person asks for; it is decided by others, on a card of its own. */
  propose(input: ProposeInput): Promise<ActionAnswer>;
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
  /** Before a form is opened: may this person lower, or give back, what Signalman may do there? Records a refusal. */
  checkAuthority(input: {
    scope: string;
    asked: "override" | "resume";
    userId: string;
  }): Promise<ActionAnswer>;
  /**
   * Takes authority away at once, for 5 minutes to 24 hours. `scope` is a service, or `*`: every one. It works while
   * the flag platform is away.
   */
  override(input: {
    scope: string;
    wish: OverrideWish;
    forMs: number;
    reason: string;
    userId: string;
  }): Promise<ActionAnswer>;
  /** Gives back all that was taken away from the scope; where the contract asks for it, with a second person. */
  resume(input: { scope: string; reason: string; userId: string }): Promise<ActionAnswer>;
  /** Before a form is opened: may this person ask for a standing approval of this change's operation? */
  checkStanding(input: { changeId: ChangeId; userId: string }): Promise<ActionAnswer>;
  /** Asks for a standing approval; it counts once as many others agree as the contract wants. */
  requestStanding(input: StandingWish): Promise<ActionAnswer>;
  endorseStanding(input: { standingId: StandingId; userId: string }): Promise<ActionAnswer>;
  /** Ends it at once, also for what it has approved and is not carried out yet. */
  revokeStanding(input: { standingId: StandingId; reason: string; userId: string }): Promise<ActionAnswer>;
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
  ledger: LedgerStatus;
}

export interface LedgerStatus {
  entries: number;
  /** The newest checkpoint: how many entries it covers, and when it was made. */
  checkpoint: { size: number; at: Instant } | null;
  /** What the database says is not what was signed; null while all is well. */
  fault: string | null;
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
  /** Scopes from which something is taken away now, by scope; overrides that are over are not in it. */
  lowered(): Promise<AuthorityState[]>;
  /** Standing approvals whose time is not over and that nobody revoked, newest first. */
  standings(): Promise<StandingState[]>;
  /** Names of the catalogue's services. */
  services(): string[];
  /** Deliveries that could not be understood, newest first; of all sources or of one. */
  quarantined(limit: number, sourceId?: string): Promise<Quarantined[]>;
  /** `service/environment name` of every environment in the catalogue, for choosing. */
  environments(): { service: string; name: string; project: string; environment: string }[];
  flags(environment: {
    project: string;
    environment: string;
  }): Promise<{ project: string; environment: string; flags: FlagOverview[] }>;
  /** One flag in every catalogued environment that has it, with its last few changes. */
  flag(key: string): Promise<FlagInPlace[]>;
  /** The same with everything that changed in the last 30 days, and Signalman's own changes of it, newest first. */
  flagChanges(key: string): Promise<{ places: FlagInPlace[]; own: ChangeState[] }>;
  /** Flags of the catalogue that decide nothing any more, or that nobody has touched for long; the oldest first. */
  staleFlags(): Promise<StaleFlag[]>;
  /** What the ledger holds of an incident, a change or a standing approval; null for what it knows nothing of. */
  story(id: string): Promise<Story | null>;
}

export interface FlagInPlace {
  snapshot: FlagSnapshot;
  history: FlagHistoryEntry[];
  webUrl: string | null;
}

export interface StaleFlag {
  ref: FlagRef;
  name: string;
  owner: string;
  because: string;
  webUrl: string | null;
}
