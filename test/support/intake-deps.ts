import type { DrainDeps } from "../../src/pipeline/intake/drain-source.ts";
import type { Doorbell } from "../../src/pipeline/ports/queue.ts";

const minute = 60_000;

/** A doorbell that writes down whom it was to ring. */
export function recordingDoorbell(): Pick<Doorbell, "ring"> & { rung: string[] } {
  const rung: string[] = [];
  return {
    rung,
    async ring(stage, subject) {
      rung.push(`${stage} ${subject}`);
    },
  };
}

/** Settings of intake as they are by default. */
export const intakeDefaults = {
  sources: [],
  inhibitions: [],
  mostOpenIncidents: 10,
  damping: { times: 4, withinMs: 30 * minute },
  quietMs: 15 * minute,
  reopenWithinMs: 30 * minute,
  leaseMs: 30_000,
} as const satisfies Partial<DrainDeps>;
