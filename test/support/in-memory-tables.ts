import type { ChangeState } from "../../src/domain/change/change.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { IncidentState } from "../../src/domain/incident/incident.ts";
import type { LedgerEntry } from "../../src/domain/ledger/chain.ts";
import type { MuteState } from "../../src/domain/mute/mute.ts";
import type { PlacedChange } from "../../src/domain/outside-change.ts";
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
export interface Tables {
  /** By stream, in order of their making. */
  incidents: Map<string, Loaded<IncidentState>>;
  changes: Map<string, Loaded<ChangeState>>;
  /** By service. */
  mutes: Map<string, Loaded<MuteState>>;
  /** In the order of their commits. */
  events: LedgerEntry[];
  work: Map<string, WorkRow>;
  inbox: Map<string, InboxRow>;
  bodies: Map<string, Body>;
  /** By source and id. */
  outsideChanges: Map<string, PlacedChange>;
  lastWorkId: number;
}

export function emptyTables(): Tables {
  return {
    incidents: new Map(),
    changes: new Map(),
    mutes: new Map(),
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
    events: [...tables.events],
    work: new Map(tables.work),
    inbox: new Map(tables.inbox),
    bodies: new Map(tables.bodies),
    outsideChanges: new Map(tables.outsideChanges),
    lastWorkId: tables.lastWorkId,
  };
}
