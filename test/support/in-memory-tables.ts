import type { AuthorityState } from "../../src/domain/authority/authority.ts";
import type { ChangeState } from "../../src/domain/change/change.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { IncidentState } from "../../src/domain/incident/incident.ts";
import type { LedgerEntry } from "../../src/domain/ledger/chain.ts";
import type { MuteState } from "../../src/domain/mute/mute.ts";
import type { NoticeState } from "../../src/domain/notice/notice.ts";
import type { PlacedChange } from "../../src/domain/outside-change.ts";
import type { StandingState } from "../../src/domain/standing/standing.ts";
import type {
  Body,
  ClaimedDelivery,
  FollowUp,
  Loaded,
  Requeue,
  Settlement,
} from "../../src/pipeline/ports/storage.ts";

export interface WorkRow extends Omit<FollowUp, "dueAt"> {
  id: string;
  dueAt: Instant;
  status: "waiting" | "held" | "parked";
  attempt: number;
  epoch: number;
  leaseUntil: Instant | null;
  error: string | null;
  changedAt: Instant;
}

export interface InboxRow extends ClaimedDelivery {
  leaseUntil: Instant | null;
  settlement: Settlement | null;
  settledAt: Instant | null;
  /** As `KeptDelivery` has them. */
  requeues: Requeue[];
}

/** Rows are never changed in place, so a shallow copy of the maps is a snapshot. */
export interface KeptBody extends Body {
  madeAt: Instant;
  removedAt: Instant | null;
}

export interface Tables {
  /** By stream, in order of their making. */
  incidents: Map<string, Loaded<IncidentState>>;
  changes: Map<string, Loaded<ChangeState>>;
  /** By service. */
  mutes: Map<string, Loaded<MuteState>>;
  /** By scope. */
  authorities: Map<string, Loaded<AuthorityState>>;
  standings: Map<string, Loaded<StandingState>>;
  /** By subject. */
  notices: Map<string, Loaded<NoticeState>>;
  /** In the order of their commits. */
  events: LedgerEntry[];
  work: Map<string, WorkRow>;
  inbox: Map<string, InboxRow>;
  bodies: Map<string, KeptBody>;
  /** By source and id. */
  outsideChanges: Map<string, PlacedChange>;
  lastWorkId: number;
}

export function emptyTables(): Tables {
  return {
    incidents: new Map(),
    changes: new Map(),
    mutes: new Map(),
    authorities: new Map(),
    standings: new Map(),
    notices: new Map(),
    events: [],
    work: new Map(),
    inbox: new Map(),
    bodies: new Map(),
    outsideChanges: new Map(),
    lastWorkId: 0,
  };
}

export function copyOf(tables: Tables): Tables {
  return {
    incidents: new Map(tables.incidents),
    changes: new Map(tables.changes),
    mutes: new Map(tables.mutes),
    authorities: new Map(tables.authorities),
    standings: new Map(tables.standings),
    notices: new Map(tables.notices),
    events: [...tables.events],
    work: new Map(tables.work),
    inbox: new Map(tables.inbox),
    bodies: new Map(tables.bodies),
    outsideChanges: new Map(tables.outsideChanges),
    lastWorkId: tables.lastWorkId,
  };
}

/** The same id always stands for the same text, so a second put changes nothing. */
export function putBody(tables: Tables, body: Body, madeAt: Instant): void {
  if (!tables.bodies.has(body.id)) tables.bodies.set(body.id, { ...body, madeAt, removedAt: null });
}
