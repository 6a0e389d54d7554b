import type { AuthorityState } from "../../domain/authority/authority.ts";
import type { AuthorityEvent } from "../../domain/authority/events.ts";
import type { ChangeState } from "../../domain/change/change.ts";
import type { ChangeEvent } from "../../domain/change/events.ts";
import type {
  ChangeId,
  CorrelationId,
  DeliveryId,
  IncidentId,
  Instant,
  StandingId,
} from "../../domain/ids.ts";
import type { ReviewQueue } from "../../domain/guard/guard-facts.ts";
import type { QualityMark } from "../../domain/guard/quality-mark.ts";
import type { IncidentEvent } from "../../domain/incident/events.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { LedgerEntry, StoredEntry } from "../../domain/ledger/chain.ts";
import type { StreamName } from "../../domain/ledger/stream.ts";
import type { KeptCheckpoint } from "../../domain/ledger/verify-ledger.ts";
import type { MuteEvent } from "../../domain/mute/events.ts";
import type { MuteState } from "../../domain/mute/mute.ts";
import type { NoticeEvent, NoticeState } from "../../domain/notice/notice.ts";
import type { PlacedChange } from "../../domain/outside-change.ts";
import type { StandingEvent } from "../../domain/standing/events.ts";
import type { StandingState } from "../../domain/standing/standing.ts";
import type { Stage } from "../../domain/stage.ts";
import type { Carried } from "../../watch/carried.ts";

/** Every method may throw `OpsError` (`unreachable`, `timeout`, `server_error`); none throws for an expected outcome. */
export interface Store {
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly checkpoints: Checkpoints;
  readonly work: Work;
  readonly bodies: Bodies;
  readonly postings: Postings;
  readonly leases: Leases;
  readonly outsideChanges: OutsideChanges;
  readonly budgets: Budgets;
  /** The database's clock. Expiry and leases go by it, never by a process's own. */
  now(): Promise<Instant>;
}

// ── inbox ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface NewDelivery {
  id: DeliveryId;
  correlationId: CorrelationId;
  sourceId: string;
  /** Equal for a redelivery of the same thing by the same source; null where the source gives none. */
  deliveryKey: string | null;
  /** Only the headers a kind needs to read the body later; never a credential. */
  headers: Record<string, string>;
  /** The raw bytes as received. */
  body: Uint8Array;
}

export interface ClaimedDelivery extends NewDelivery {
  receivedAt: Instant;
  attempts: number;
  trace: Carried | null;
}

/** How a delivery ended. Exactly one of these for everything accepted. */
export type Settlement =
  | { outcome: "joined"; incidentIds: IncidentId[] }
  | { outcome: "duplicate"; of: DeliveryId | null }
  /** Understood, and it belongs to no incident: evidence, a hint, a ping, the end of what nobody knew of. */
  | { outcome: "noted"; what: string }
  | { outcome: "quarantined"; reason: string };

/** A delivery as it is kept, with what became of it; `settlement` is null before its end. */
export interface KeptDelivery extends ClaimedDelivery {
  settlement: Settlement | null;
  /** How often it was taken out of quarantine, the oldest first. */
  requeues: Requeue[];
}

export interface Requeue {
  at: Instant;
  by: string;
  /** Why it was in quarantine until then. */
  reason: string;
}

export interface Quarantined {
  id: DeliveryId;
  sourceId: string;
  receivedAt: Instant;
  reason: string;
}

export interface Inbox {
  /** Resolves only after the commit (the deliveries of one tick share one insert and one commit). */
  accept(delivery: NewDelivery): Promise<{ kind: "accepted" } | { kind: "duplicate"; of: CorrelationId }>;
  /**
   * Up to `limit` unsettled deliveries of one source, oldest first, leased for `leaseMs` so that no other worker takes
   * them. None while earlier ones are held: what is resolved must not be taken in before what was firing.
   */
  claim(sourceId: string, limit: number, leaseMs: number): Promise<ClaimedDelivery[]>;
  /** Gives back what was claimed and is not settled: it can be claimed at once, and this claim does not count. */
  release(deliveries: readonly ClaimedDelivery[]): Promise<void>;
  /** Sources that have unsettled deliveries and no worker that holds any. */
  waitingSources(): Promise<string[]>;
  /** Newest first; of all sources or of one. */
  quarantined(limit: number, sourceId?: string): Promise<Quarantined[]>;
  delivery(id: DeliveryId): Promise<KeptDelivery | null>;
  /**
   * Has a quarantined delivery taken in anew, as if it had just come: no attempts, no settlement. False where it is
   * not in quarantine (any more). `by`, in words, is kept with the delivery.
   */
  requeue(id: DeliveryId, by: string): Promise<boolean>;
  /**
   * Lets go of up to `limit` deliveries that were settled longer than `olderThanMs` ago, the oldest first; what is in
   * quarantine or not settled stays. Answers how many. A redelivery of one that is gone is taken for a new one.
   */
  forget(olderThanMs: number, limit: number): Promise<number>;
  /** Of every source that has any: deliveries not settled yet, and those in quarantine. */
  counts(): Promise<{ sourceId: string; waiting: number; quarantined: number }[]>;
}

// ── ledger ───────────────────────────────────────────────────────────────────────────────────────────────────

export type StreamWrite =
  | { stream: StreamName; kind: "incident"; id: IncidentId; expectedVersion: number; events: IncidentEvent[] }
  | { stream: StreamName; kind: "change"; id: ChangeId; expectedVersion: number; events: ChangeEvent[] }
  /** `id` is the service's name. */
  | { stream: StreamName; kind: "mute"; id: string; expectedVersion: number; events: MuteEvent[] }
  /** `id` is a service's name, or `*`. */
  | { stream: StreamName; kind: "authority"; id: string; expectedVersion: number; events: AuthorityEvent[] }
  | { stream: StreamName; kind: "standing"; id: StandingId; expectedVersion: number; events: StandingEvent[] }
  /** `id` is what the line is about, such as `mute/checkout`. */
  | { stream: StreamName; kind: "notice"; id: string; expectedVersion: number; events: NoticeEvent[] };

/** One piece of work to be done after the commit: at once, or (a timer) when due. */
export interface FollowUp {
  stage: Stage;
  /** What the work is about: an incident id, a change id, … At most one waiting row per stage and subject. */
  subject: string;
  correlationId: CorrelationId;
  /** Absent: now. */
  dueAt?: Instant;
  /** The trace that it belongs to; absent: the one in which it is committed. */
  traceparent?: string | null;
}

export interface Body {
  id: string;
  kind: "evidence" | "transcript";
  /** JSON text or plain text; dropped by retention, while the ledger keeps its hash. */
  text: string;
}

export interface Commit {
  writes: StreamWrite[];
  followUps?: FollowUp[];
  /** Waiting work that is no longer wanted (a timer of a change that has ended). */
  cancel?: { stage: Stage; subject: string }[];
  bodies?: Body[];
  /** The work row this commit completes: compare-and-set on its lease epoch. */
  finish?: WorkLease;
  settle?: { id: DeliveryId; settlement: Settlement }[];
  /** By source and id: what is known already takes on its newest state, and never an older one. */
  outsideChanges?: PlacedChange[];
}

export type CommitResult =
  | { kind: "committed" }
  /** Somebody else appended first: reload and decide again. Nothing was written. */
  | { kind: "stale"; stream: StreamName }
  /** Another change for this flag and environment is open. Nothing was written. */
  | { kind: "flag_busy"; changeId: ChangeId }
  /** Another incident with this group key is open. Nothing was written. */
  | { kind: "group_busy"; incidentId: IncidentId }
  /** The work row's lease belongs to somebody else by now. Nothing was written. */
  | { kind: "lease_lost" };

export interface Loaded<State> {
  state: State;
  /** Version of the stream's last event. */
  version: number;
}

export interface Ledger {
  /** THE one function that writes: events, projections, follow-up work, bodies, in one transaction. */
  commit(commit: Commit): Promise<CommitResult>;
  incident(id: IncidentId): Promise<Loaded<IncidentState> | null>;
  change(id: ChangeId): Promise<Loaded<ChangeState> | null>;
  openIncidentByGroup(groupKey: string): Promise<Loaded<IncidentState> | null>;
  openChangeFor(environmentId: string, flagKey: string): Promise<Loaded<ChangeState> | null>;
  changesOfIncident(id: IncidentId): Promise<Loaded<ChangeState>[]>;
  /** Newest first. */
  incidents(filter: { open?: boolean; service?: string; limit: number }): Promise<Loaded<IncidentState>[]>;
  /** How many incidents are open (not resolved, not closed) whose group key begins with this. */
  openIncidentCount(groupKeyPrefix: string): Promise<number>;
  /** The trace in which an incident or a change began. */
  traceOf(kind: "incident" | "change", id: string): Promise<Carried | null>;
  /** Null where nobody ever muted the service; `mutedUntil` says whether it is muted now. */
  muteOf(service: string): Promise<Loaded<MuteState> | null>;
  /** Of every service that was ever muted, by name. */
  mutes(): Promise<Loaded<MuteState>[]>;
  /** Null where nothing was ever taken away; `liveOverrides` says what is now. */
  authorityOf(scope: string): Promise<Loaded<AuthorityState> | null>;
  /** Of every scope that ever had any, by scope. */
  authorities(): Promise<Loaded<AuthorityState>[]>;
  standing(id: StandingId): Promise<Loaded<StandingState> | null>;
  /** Those whose time is not over and that nobody revoked, newest first; of all flags or of one. */
  standings(now: Instant, of?: { environmentId: string; flagKey: string }): Promise<Loaded<StandingState>[]>;
  /** Null where nothing was ever told about the subject. */
  noticeOf(subject: string): Promise<Loaded<NoticeState> | null>;
  /**
   * Newest first unless told otherwise; `limit` counts from there. `reviewBefore` selects closed changes whose review
   * date is earlier.
   */
  changes(filter: {
    statuses?: readonly ChangeState["status"][];
    flagKey?: string;
    reviewBefore?: Instant;
    order?: "newest_first" | "oldest_first";
    limit: number;
  }): Promise<Loaded<ChangeState>[]>;
  /** What waits for people's decisions now, and how many decisions were too late since `lateSince`. */
  reviewQueue(lateSince: Instant): Promise<ReviewQueue>;
  /** What became of Signalman's own drafts and findings after `since`: the newest `limit`, in order of time. */
  qualityMarks(since: Instant, limit: number): Promise<QualityMark[]>;
  /** A stream's events in order: all of them, or the last `limit` of the types given. */
  events(stream: StreamName, only?: { types?: readonly string[]; limit?: number }): Promise<LedgerEntry[]>;
  /** Events of all streams by position from `fromPosition`, in order, at most `limit`. Unpositioned ones are not seen. */
  entries(fromPosition: number, limit: number): Promise<LedgerEntry[]>;
  /** The same rows as they lie there, unread and unbelieved: for those who verify. */
  stored(fromPosition: number, limit: number): Promise<StoredEntry[]>;
  /** How many events have a position. */
  size(): Promise<number>;
  /** Gives positions to committed events that have none yet. Only the sequencer's lease holder calls it. */
  sequence(limit: number): Promise<number>;
  /** Committed events that have no position yet. */
  unsequenced(): Promise<number>;
}

/** Signed statements about the ledger so far. They are never changed and never removed. */
export interface Checkpoints {
  newest(): Promise<(KeptCheckpoint & { at: Instant }) | null>;
  /** Of a size above this, the smallest first: with limit 1, the first that covers this position. */
  above(size: number, limit: number): Promise<KeptCheckpoint[]>;
  /** Does nothing where there is one of that size. */
  put(checkpoint: KeptCheckpoint): Promise<void>;
}

// ── work: what is to be done, now or later ───────────────────────────────────────────────────────────────────

export interface WorkLease {
  workId: string;
  /** Grows by one with every claim; a holder with an older epoch may write nothing any more. */
  epoch: number;
}

export interface WorkItem extends WorkLease {
  stage: Stage;
  subject: string;
  correlationId: CorrelationId;
  /** 1 for the first try. */
  attempt: number;
  trace: Carried | null;
}

export interface Work {
  /** The oldest due row of this stage and subject, or null; null too while somebody holds another row of them. */
  claim(stage: Stage, subject: string, leaseMs: number): Promise<WorkItem | null>;
  /** Compare-and-set just before an outside write: extends the lease; false if it is no longer ours. */
  renew(lease: WorkLease, leaseMs: number): Promise<boolean>;
  /** Work that ended without events. False if the lease was lost. */
  finish(lease: WorkLease): Promise<boolean>;
  /** Try again at `dueAt`. False if the lease was lost. */
  retry(lease: WorkLease, dueAt: Instant, error: string): Promise<boolean>;
  /** Gives up for good; stays visible as `parked` with its error. False if the lease was lost. */
  park(lease: WorkLease, error: string): Promise<boolean>;
  /** Rows not yet done that nobody holds, due at or before `before`, oldest first, at most `limit` of each stage. */
  waiting(before: Instant, limit: number): Promise<{ stage: Stage; subject: string; dueAt: Instant }[]>;
  parked(limit: number): Promise<{ stage: Stage; subject: string; error: string; at: Instant }[]>;
  /** Of every stage that has rows, by name. */
  totals(): Promise<WorkTotal[]>;
}

/** How many rows a stage has, and since when the oldest of each kind is there; null where there is none. */
export interface WorkTotal {
  stage: Stage;
  /** Waiting for their time, or for somebody to take them; `due` of them by now. */
  waiting: number;
  due: number;
  oldestDueAt: Instant | null;
  held: number;
  oldestHeldAt: Instant | null;
  parked: number;
  oldestParkedAt: Instant | null;
}

// ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface Bodies {
  put(body: Body): Promise<void>;
  /** Null where there never was one, and where retention has removed it. */
  get(id: string): Promise<string | null>;
  /** When retention removed it; null where it is there, and where there never was one. */
  removedAt(id: string): Promise<Instant | null>;
  /** Removes the texts of up to `limit` bodies made longer than `olderThanMs` ago, the oldest first; how many. */
  remove(kind: Body["kind"], olderThanMs: number, limit: number): Promise<number>;
}

/** A Slack message of ours. `part` tells the messages of one subject apart: `card`, `evidence`, `event:<version>` … */
export interface Posting {
  subject: string;
  part: string;
  channel: string;
  ts: string;
  /** Hash of what was last rendered there: equal means nothing to send. */
  renderedHash: string;
}

export interface Postings {
  get(subject: string, part: string): Promise<Posting | null>;
  byMessage(channel: string, ts: string): Promise<Posting | null>;
  ofSubject(subject: string): Promise<Posting[]>;
  /**
   * Inserts, or replaces ts and hash of the same subject and part. Over a newer message of the same part it does
   * nothing: whoever comes so late was stopped after posting, and another has posted and told since.
   */
  record(posting: Posting): Promise<void>;
}

export interface Leases {
  /** Takes or renews a named lease by the database's clock. Null when somebody else holds it. */
  take(name: string, holder: string, leaseMs: number): Promise<{ epoch: number } | null>;
  release(name: string, holder: string): Promise<void>;
}

export interface OutsideChanges {
  /**
   * Changes with `from` ≤ `at` ≤ `to`, newest first. Of a service: those of this environment and those that name
   * none; `environmentName: null` means those of all its environments. `service: null` asks for the changes that
   * could be placed with no service: they are nobody's evidence unless somebody asks for them by name.
   */
  between(range: {
    service: string | null;
    environmentName: string | null;
    from: Instant;
    to: Instant;
    limit: number;
  }): Promise<PlacedChange[]>;
  /** Lets go of up to `limit` changes that lie longer than `olderThanMs` back, the oldest first; answers how many. */
  forget(olderThanMs: number, limit: number): Promise<number>;
}

/** Sums of what was spent under a name, over a window that slides with the database's clock, to the second. */
export interface Budgets {
  /**
   * Spends `amount` (0 or more) unless the last `windowMs` (7 days at most: older sums are dropped) would then hold
   * more than `limit`; false: nothing was spent. Of concurrent takers never more get through than fit.
   */
  take(name: string, amount: number, limit: number, windowMs: number): Promise<boolean>;
  /** Spends without asking: what was known only afterwards. Negative gives back what was taken too much. */
  add(name: string, amount: number): Promise<void>;
  /** What the last `windowMs` hold. */
  spent(name: string, windowMs: number): Promise<number>;
}
