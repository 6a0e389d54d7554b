import { z } from "zod";
import { Duration, durationMs } from "../domain/policy/governance-contract.ts";

export const TimingSettings = z
  .strictObject({
    lookBack: Duration.default("2h").describe("How far back flag changes and metrics are looked at."),
    evidenceBudget: Duration.default("20s").describe("How long all sources of evidence together may take."),
    verifyAfter: Duration.default("5m").describe("How long after a change its effect is judged."),
    reopenWithin: Duration.default("30m").describe(
      "A resolved incident that fires again within this time is the same incident.",
    ),
    sweepEvery: Duration.default("2s").describe("How often forgotten work is looked for."),
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
