import type { ChangeState } from "../../domain/change/change.ts";
import type { Plot } from "../../domain/evidence/plot.ts";
import type { ChangeId, DeliveryId, IncidentId, Instant } from "../../domain/ids.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { LedgerEntry } from "../../domain/ledger/chain.ts";
import type { StreamName } from "../../domain/ledger/stream.ts";
import type { TreeHead } from "../../domain/ledger/checkpoint.ts";
import type { EntryFault } from "../../domain/ledger/verify.ts";
import type { Decision } from "../../domain/policy/decision.ts";
import type { EvaluatedControl, Lowering } from "../../domain/policy/controls.ts";
import type { Mode } from "../../domain/policy/mode.ts";
import type { Told } from "../../domain/story/told.ts";
import type { IncidentView } from "./announcer.ts";
import type { Quarantined, WorkTotal } from "./storage.ts";

/** What the console shows. It reads and never acts. Throws `OpsError` when the store cannot be asked. */
export interface ConsoleReads {
  /** Names of the catalogue's services, for choosing. */
  services: readonly string[];
  /** Newest first. */
  incidents(filter: { open?: boolean; service?: string; limit: number }): Promise<IncidentState[]>;
  incident(id: IncidentId): Promise<IncidentRecord | null>;
  /** Newest first; `open` leaves out what nobody has to decide or to carry out any more. */
  changes(filter: { open: boolean; limit: number }): Promise<ChangeState[]>;
  change(id: ChangeId): Promise<ChangeRecord | null>;
  /** The metric people see of an incident; null where none is drawn. */
  plot(id: IncidentId): Promise<Plot | null>;
  /** Entries of one stream from a version on, the whole of it checked; null where the ledger has no such stream. */
  proof(stream: StreamName, fromVersion: number, limit: number): Promise<StreamProof | null>;
  queues(): Promise<Queues>;
  /** Newest first; of all sources or of one. */
  quarantined(limit: number, sourceId?: string): Promise<Quarantined[]>;
  delivery(id: DeliveryId): Promise<ShownDelivery | null>;
  /** What Signalman may do now, of every environment of every service, and why. */
  modes(): Promise<EnvironmentModes[]>;
}

/** An event of the ledger in words. */
export interface ToldEvent extends Told {
  stream: StreamName;
  version: number;
  at: Instant;
}

export interface IncidentRecord {
  view: IncidentView;
  /** Of the incident and its changes, oldest first. */
  story: ToldEvent[];
  /** There were more; the oldest are left out. */
  storyIsCut: boolean;
}

export interface ChangeRecord {
  change: ChangeState;
  incident: IncidentState | null;
  plot: Plot | null;
  /** When retention dropped what the plot was drawn from. */
  evidenceRemovedAt: Instant | null;
  /** Oldest first. */
  story: ToldEvent[];
  storyIsCut: boolean;
}

export type ProvenEntry = Pick<LedgerEntry, "version" | "position" | "at" | "prevHash" | "hash"> & Told;

export interface StreamProof {
  stream: StreamName;
  /** Entries of the whole stream. */
  length: number;
  /** Recomputed from the first entry to the last, whatever part is shown; null: in order. */
  fault: EntryFault | null;
  /** What the first checkpoint says that covers the whole stream; null: none does yet. Its signature is not checked here. */
  checkpoint: TreeHead | null;
  entries: ProvenEntry[];
}

export interface Queues {
  now: Instant;
  stages: WorkTotal[];
  /** The next few rows of each stage that nobody holds, by when they are due. */
  next: { stage: string; subject: string; dueAt: Instant }[];
  /** The newest that were given up. */
  parked: { stage: string; subject: string; error: string; at: Instant }[];
  sources: { sourceId: string; waiting: number; quarantined: number }[];
  /** Committed events that have no position yet. */
  unsequenced: number;
}

/** A delivery as a person or a script may see it: untrusted text made harmless, credentials taken out, cut. */
export interface ShownDelivery {
  id: string;
  sourceId: string;
  correlationId: string;
  receivedAt: string;
  attempts: number;
  outcome: string;
  /** Why it is in quarantine, or what was noted; "" where there is nothing to say. */
  reason: string;
  /** Who had it taken in anew before, and why it was in quarantine until then. */
  requeues: { at: string; by: string; reason: string }[];
  headers: Record<string, string>;
  /** Of the whole body, bytes. */
  size: number;
  /** The beginning of it; what is no UTF-8 is U+FFFD. */
  body: string;
  isCut: boolean;
}

/** How much Signalman may do in one environment of a service, tool by tool. */
export interface EnvironmentModes {
  service: string;
  environmentName: string;
  project: string;
  environment: string;
  /** What the controls say of an investigation there. */
  control: {
    mode: Mode;
    /** What people or Signalman's own record took away; part of the mode. */
    lowered: Lowering[];
    evaluations: EvaluatedControl[];
  };
  tools: ToolMode[];
}

export interface ToolMode {
  tool: string;
  /** What its contract says by itself; null: it has none. */
  contractMode: Mode | null;
  /** Policy's answer as if somebody asked for it now, with all the evidence there could be and no approval. */
  kind: Decision["kind"];
  mode: Mode;
  rule: string;
  reasons: string[];
}
