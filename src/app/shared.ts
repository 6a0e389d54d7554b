import { randomBytes } from "node:crypto";
import type { Config } from "../config/load-config.ts";
import type { Documents } from "../documents/load-documents.ts";
import { ChangeId, idTail, IncidentId, StandingId } from "../domain/ids.ts";
import type { Guard } from "../pipeline/guard/guard.ts";
import type { Controls } from "../pipeline/ports/controls.ts";
import type { Log } from "../pipeline/ports/log.ts";
import type { Doorbell } from "../pipeline/ports/queue.ts";
import type { Store } from "../pipeline/ports/storage.ts";

/** How long a claimed row stays a process's own without a sign of life. */
export const leaseMs = 15_000;
/**
 * How long FeatBit's answer to a write is waited for, and after that how long the write may still be under way there.
 * Less than a lease: who takes over from a process that died in the middle finds its write settled.
 */
export const writeTimeoutMs = 10_000;

/** What every role is built from. */
export interface Shared {
  config: Config;
  documents: Documents;
  store: Store;
  /** Of FeatBit, less what people took away. */
  controls: Controls;
  guard: Guard;
  doorbell: Doorbell;
  /** Aborted when this process ends and what is in hand is to be handed back. */
  ending: AbortSignal;
  log: Log;
  stack: AsyncDisposableStack;
}

export function newChangeId(): ChangeId {
  return ChangeId.parse(`CHG-${idTail(randomBytes(10))}`);
}

export function newIncidentId(): IncidentId {
  return IncidentId.parse(`INC-${idTail(randomBytes(10))}`);
}

export function newStandingId(): StandingId {
  return StandingId.parse(`STA-${idTail(randomBytes(10))}`);
}
