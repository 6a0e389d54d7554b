import { z } from "zod";
import { Duration, durationMs } from "../domain/policy/governance-contract.ts";

/** A day at least: what is younger, work may still be under way on. */
const Kept = Duration.refine((text) => durationMs(text) >= 86_400_000, "at least 24h");

/** How long what is no part of the ledger is kept. */
export const RetentionSettings = z
  .strictObject({
    deliveries: Kept.default("30d").describe(
      "Raw deliveries that were understood. What is in quarantine stays.",
    ),
    evidence: Kept.default("90d").describe("What was gathered about an incident. The ledger keeps its hash."),
    transcripts: Kept.default("90d").describe("Exchanges with models. The ledger keeps their hashes."),
    outsideChanges: Kept.default("90d").describe("Deploys and changes that others told of."),
  })
  .prefault({});
export type RetentionSettings = z.infer<typeof RetentionSettings>;

/** All in milliseconds. */
export interface Retention {
  deliveriesMs: number;
  evidenceMs: number;
  transcriptsMs: number;
  outsideChangesMs: number;
}

export function readRetention(settings: RetentionSettings): Retention {
  return {
    deliveriesMs: durationMs(settings.deliveries),
    evidenceMs: durationMs(settings.evidence),
    transcriptsMs: durationMs(settings.transcripts),
    outsideChangesMs: durationMs(settings.outsideChanges),
  };
}
