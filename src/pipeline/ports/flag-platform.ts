import type { ApplyOutcome, Reconciliation } from "../../domain/change/outcome.ts";
import type { PendingFlagChange } from "../../domain/evidence/evidence.ts";
import type { Flag, FlagRef, FlagSnapshot, Segment } from "../../domain/flag/flag.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import type { Instant } from "../../domain/ids.ts";
import type { EnvironmentKeys } from "../../domain/service.ts";

/** One entry of the platform's audit log about a flag, parsed. */
export interface FlagHistoryEntry {
  auditId: string;
  at: Instant;
  author: { name: string; email: string | null };
  comment: string;
  /** The platform itself applied what had been prepared earlier; absent for a change made at that moment. */
  appliedFrom?: "schedule" | "change_request";
  /** Null on creation. */
  before: Flag | null;
  /** Null on removal. */
  after: Flag | null;
}

/** One entry of the platform's audit log about a segment, parsed. */
export interface SegmentHistoryEntry extends Pick<FlagHistoryEntry, "auditId" | "at" | "author" | "comment"> {
  before: Segment | null;
  after: Segment | null;
}

/** Somebody's edit of one flag, by the platform's audit log. */
export interface FlagEdit {
  at: Instant;
  /** Null where the platform's log holds an entry that it cannot show. */
  author: { name: string; email: string | null } | null;
  comment: string;
  /** The flag's revision that this edit made; null where it made none, as one of a segment, or cannot be told. */
  made: string | null;
}

/** Everything throws `OpsError` when the platform cannot be asked; absence is a value. */
export interface FlagReader {
  /** Full references of a project's environment; `OpsError("not_found")` names what is missing. */
  refOf(keys: EnvironmentKeys, flagKey: string): Promise<FlagRef>;
  /** The flag with the segments it uses; null if there is none of this key. */
  read(ref: FlagRef): Promise<FlagSnapshot | null>;
  /** Flags of an environment that are not archived, chosen by key or by one of the tags. */
  list(
    keys: EnvironmentKeys,
    select: { keys: readonly string[]; tags: readonly string[] },
  ): Promise<FlagSnapshot[]>;
  /** All flags of an environment, briefly, for `/flags`. */
  overview(keys: EnvironmentKeys): Promise<FlagOverview[]>;
  /** Segments of an environment that are not archived. */
  segments(keys: EnvironmentKeys): Promise<Segment[]>;
  /** Audit entries about flags of an environment, newest first, at most `limit`. */
  history(keys: EnvironmentKeys, from: Instant, to: Instant, limit: number): Promise<FlagHistoryEntry[]>;
  /** The same about segments. */
  segmentHistory(
    keys: EnvironmentKeys,
    from: Instant,
    to: Instant,
    limit: number,
  ): Promise<SegmentHistoryEntry[]>;
  /** Edits of one flag, by its id, newest first, at most `limit`. None is left out: one without a known author says so. */
  edits(ref: FlagRef, flagId: string, from: Instant, limit: number): Promise<FlagEdit[]>;
  /** Schedules and change requests that wait to be applied to a flag; none where the platform has no such thing. */
  pendingChanges(ref: FlagRef): Promise<PendingFlagChange[]>;
  /** Where a person sees this flag in the platform's own console. */
  webUrl(ref: FlagRef): string | null;
}

export interface FlagOverview {
  key: string;
  name: string;
  isEnabled: boolean;
  tags: string[];
  /** In words: what is served now. */
  serves: string;
  lastChangeAt: string;
}

export interface ApplyRequest {
  plan: Plan;
  /** Stands in the platform's audit log, by which the write can be recognised afterwards. */
  operationId: string;
  /** Who asked and who approved; cut to what the platform takes, the operation id always first. */
  comment: string;
  /** Compare-and-set on the lease, called just before the write. False: nothing is written. */
  stillOurs(): Promise<boolean>;
}

/** Only the executor has one: it needs the write token. */
export interface FlagWriter {
  /**
   * One plan, one write: reads again just before (stale → `conflicted`), writes, then reads flag and audit
   * chain. One writer per flag at a time. Never throws for an uncertain outcome: that is `unknown`. Throws
   * `OpsError` only where nothing was written this time and asking again may help; an earlier write of the same
   * operation may have landed all the same.
   */
  apply(request: ApplyRequest): Promise<ApplyOutcome | { kind: "lease_lost" }>;
  /** Settles an unknown outcome by reading. Throws `OpsError` while the platform cannot be read. */
  reconcile(plan: Plan, operationId: string): Promise<Reconciliation>;
}
