import { z } from "zod";
import { FlagRef } from "../flag/flag.ts";
import { ChangeId, Instant } from "../ids.ts";
import { EvidenceId } from "./evidence-id.ts";

const base = { id: EvidenceId, title: z.string(), text: z.array(z.string()) };

/** Figures of one stretch of a series; null where there was no sample. */
export const MetricFigures = z.strictObject({
  mean: z.number().nullable(),
  max: z.number().nullable(),
  samples: z.int().nonnegative(),
});
export type MetricFigures = z.infer<typeof MetricFigures>;

/** `recovered`: it had left its earlier level for the worse and is back. */
export const MetricTrend = z.enum(["degraded", "recovered", "improved", "steady", "no_data"]);
export type MetricTrend = z.infer<typeof MetricTrend>;

/** A change in FeatBit's audit log, with before → after in words made by our own code. */
export const FlagChangeEvidence = z.strictObject({
  ...base,
  kind: z.literal("flag_change"),
  ref: FlagRef,
  flagName: z.string(),
  auditId: z.string(),
  at: Instant,
  author: z.strictObject({ name: z.string(), email: z.string().nullable() }),
  /** Set when Signalman itself made it. */
  ownChangeId: ChangeId.nullable(),
  /** Variations that more users get since then, by id. */
  gained: z.array(z.string()),
  /** Names and values of those, by which the labels of a series may call them. */
  gainedNames: z.array(z.string()),
  /** Upper bound of the share of users whose variation it changed, 0..100; null where that cannot be known. */
  movedPercent: z.number().nullable(),
  /** Individually targeted users whose variation it changed. */
  targetsMoved: z.int().nonnegative(),
  /** False once the flag serves again what it served before. */
  inEffect: z.boolean(),
});

export const FlagStateEvidence = z.strictObject({
  ...base,
  kind: z.literal("flag_state"),
  ref: FlagRef,
  revision: z.string(),
});

export const MetricEvidence = z.strictObject({
  ...base,
  kind: z.literal("metric"),
  queryId: z.string(),
  unit: z.string(),
  badDirection: z.enum(["up", "down"]),
  /** Labels of the series (a variation, say); empty for a query with one series. */
  labels: z.record(z.string(), z.string()),
  before: MetricFigures,
  after: MetricFigures,
  trend: MetricTrend,
  /** When the series left its earlier level, if it did. */
  onsetAt: Instant.nullable(),
  /** At most 240 points, [epoch ms, value], for the plot. */
  points: z.array(z.tuple([z.number(), z.number()])),
});

export const DeployEvidence = z.strictObject({
  ...base,
  kind: z.literal("deploy"),
  at: Instant,
  version: z.string(),
});

export const RunbookEvidence = z.strictObject({
  ...base,
  kind: z.literal("runbook"),
  runbookId: z.string(),
  allowedActions: z.array(z.string()),
  maxRolloutPercent: z.number().nullable(),
  manualSteps: z.array(z.string()),
});

export const EvidenceItem = z.discriminatedUnion("kind", [
  FlagChangeEvidence,
  FlagStateEvidence,
  MetricEvidence,
  DeployEvidence,
  RunbookEvidence,
]);
export type EvidenceItem = z.infer<typeof EvidenceItem>;
export type EvidenceOf<Kind extends EvidenceItem["kind"]> = Extract<EvidenceItem, { kind: Kind }>;

/** A source that did not answer, and what is therefore not known. */
export const EvidenceGap = z.strictObject({ source: z.string(), reason: z.string() });
export type EvidenceGap = z.infer<typeof EvidenceGap>;

/** What was gathered read-only for one incident, numbered E1, E2 … */
export const Evidence = z.strictObject({
  from: Instant,
  to: Instant,
  items: z.array(EvidenceItem),
  gaps: z.array(EvidenceGap),
});
export type Evidence = z.infer<typeof Evidence>;

export function itemsOf<Kind extends EvidenceItem["kind"]>(
  evidence: Evidence,
  kind: Kind,
): EvidenceOf<Kind>[] {
  return evidence.items.filter((item): item is EvidenceOf<Kind> => item.kind === kind);
}
