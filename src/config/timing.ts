import { z } from "zod";
import { Duration, durationMs } from "../domain/policy/governance-contract.ts";

export const TimingSettings = z
  .strictObject({
    /** How far back flag changes and metrics are looked at. */
    lookBack: Duration.default("2h"),
    /** How long all sources of evidence together may take. */
    evidenceBudget: Duration.default("20s"),
    /** How long after a change its effect is judged. */
    verifyAfter: Duration.default("5m"),
    /** A resolved incident that fires again within this time is the same incident. */
    reopenWithin: Duration.default("30m"),
    /** How often forgotten work is looked for. */
    sweepEvery: Duration.default("2s"),
  })
  .prefault({});
export type TimingSettings = z.infer<typeof TimingSettings>;

/** All in milliseconds. */
export interface Timing {
  lookBackMs: number;
  evidenceBudgetMs: number;
  verifyAfterMs: number;
  reopenWithinMs: number;
  sweepEveryMs: number;
}

export function readTiming(settings: TimingSettings): Timing {
  return {
    lookBackMs: durationMs(settings.lookBack),
    evidenceBudgetMs: durationMs(settings.evidenceBudget),
    verifyAfterMs: durationMs(settings.verifyAfter),
    reopenWithinMs: durationMs(settings.reopenWithin),
    sweepEveryMs: durationMs(settings.sweepEvery),
  };
}
