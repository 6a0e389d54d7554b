import { z } from "zod";
import { CauseClass } from "../assessment.ts";
import { FlagRef } from "../flag/flag.ts";
import { ChangeId, IncidentId, Instant } from "../ids.ts";
import { Verdict } from "../verification.ts";
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

/** As FeatBit knows it. Everything done with an access token is the token's: then only the comment may name a human. */
export const ChangeAuthor = z.strictObject({
  name: z.string(),
  email: z.string().nullable(),
});
export type ChangeAuthor = z.infer<typeof ChangeAuthor>;

const flagChange = {
  ref: FlagRef,
  flagName: z.string(),
  auditId: z.string(),
  at: Instant,
  author: ChangeAuthor,
  /** Set when Signalman itself made it. */
  ownChangeId: ChangeId.nullable(),
};

/**
 * A change in FeatBit's audit log of the environment that the incident is about, with before → after in words made by
 * our own code. Where a segment changed that the flag uses, the lines say so and `segmentName` names it.
 */
export const FlagChangeEvidence = z.strictObject({
  ...base,
  kind: z.literal("flag_change"),
  ...flagChange,
  /** The segment whose change this is; null where the flag itself was changed. */
  segmentName: z.string().nullable().default(null),
  /** Variations that more users get since then, by id. */
  gained: z.array(z.string()),
  /** Names and values of those, by which the labels of a series may call them. */
  gainedNames: z.array(z.string()),
  /** Names and values of variations that nobody gets any more since then: what is still measured of them is old. */
  goneNames: z.array(z.string()).optional(),
  /** Upper bound of the share of users whose variation it changed, 0..100; null where that cannot be known. */
  movedPercent: z.number().nullable(),
  /** Individually targeted users whose variation it changed. */
  targetsMoved: z.int().nonnegative(),
  /** False once the flag serves again what it served before. */
  inEffect: z.boolean(),
});

/**
 * A change of one of the service's flags in another of its environments: background, never a suspect. Its own kind, so
 * that nothing that looks for suspects can meet it.
 */
export const FlagChangeElsewhereEvidence = z.strictObject({
  ...base,
  kind: z.literal("flag_change_elsewhere"),
  ...flagChange,
  /** The environment's name in the catalogue. */
  environmentName: z.string(),
});

/** A FeatBit schedule or change request that waits to be applied to a flag; it may overwrite what is done now. */
export const PendingFlagChange = z.strictObject({
  kind: z.enum(["schedule", "change_request"]),
  /** FeatBit's own word: PendingReview, Approved, PendingExecution, Declined. */
  status: z.string(),
  title: z.string(),
  /** When a schedule is due; null for a change request. */
  dueAt: Instant.nullable(),
});
export type PendingFlagChange = z.infer<typeof PendingFlagChange>;

export const FlagStateEvidence = z.strictObject({
  ...base,
  kind: z.literal("flag_state"),
  ref: FlagRef,
  revision: z.string(),
  isEnabled: z.boolean().nullable().default(null),
  /** What the default rule serves (while off: everyone), 0..100, summing to 100; empty where it cannot be told. */
  shares: z.array(z.strictObject({ variation: z.string(), percent: z.number() })).default([]),
  /** Names of the segments its rules use. */
  segments: z.array(z.string()).default([]),
  /** Individually targeted users. */
  targets: z.int().nonnegative().default(0),
  createdAt: Instant.nullable().default(null),
  /** When anything about it was last changed, its segments not included. */
  lastChangedAt: Instant.nullable().default(null),
  /** Null: FeatBit was not asked, or did not answer. */
  pendingChanges: z.array(PendingFlagChange).nullable().default(null),
});

/** How far a series moved at its onset. Both levels are medians; the direction is that of the values themselves. */
export const MetricShift = z.strictObject({
  /** After minus before, in the metric's unit. */
  size: z.number(),
  /** `size` as a share of the level before: 0.5 is half as much again; null from a level of zero. */
  relative: z.number().nullable(),
  /** How many times the noise of the series it is; at least 1.5 wherever a shift is told. At most 1000. */
  score: z.number(),
});
export type MetricShift = z.infer<typeof MetricShift>;

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
  /** Between which instants it must have begun, by the form of its rise and its noise; absent: not told. */
  begunBetween: z.strictObject({ from: Instant, to: Instant }).optional(),
  /** Null where no shift is told, or there is no level before it. */
  shift: MetricShift.nullable().default(null),
  /** Which variation of which flag the series is about, where its labels say so. */
  cohort: z.strictObject({ variation: z.string(), flagKey: z.string().nullable() }).nullable().default(null),
  /** Set where a model chose the window: such an item may be cited, but no conclusion is judged by it. */
  asked: z.strictObject({ from: Instant, to: Instant }).optional(),
  /** At most 240 points, [epoch ms, value], for the plot. */
  points: z.array(z.tuple([z.number(), z.number()])),
});

const outsideChange = {
  at: Instant,
  /** `metrics` for what the deploy query showed, else the id of the source that told of it. */
  source: z.string().default("metrics"),
  version: z.string(),
  /** Empty where nobody is named. */
  author: z.string().default(""),
  state: z.enum(["started", "succeeded", "failed", "rolled_back"]).default("succeeded"),
  /** Where a person reads more; untrusted, so shown as a link only where its host is allowed. */
  url: z.string().nullable().default(null),
};

/** A version that took traffic, by the metrics or by what a deploy system told. */
export const DeployEvidence = z.strictObject({ ...base, kind: z.literal("deploy"), ...outsideChange });

/** Another change that somebody made elsewhere: configuration, infrastructure, data. */
export const ChangeEvidence = z.strictObject({
  ...base,
  kind: z.literal("change"),
  what: z.enum(["config", "infrastructure", "data", "other"]),
  ...outsideChange,
});

/** An earlier incident of the same service, with what came of it. */
export const PastIncidentEvidence = z.strictObject({
  ...base,
  kind: z.literal("past_incident"),
  incidentId: IncidentId,
  at: Instant,
  cause: CauseClass.nullable(),
  /** The change that ended it, or the last one that was drafted; null where there was none. */
  change: z
    .strictObject({
      id: ChangeId,
      flagKey: z.string(),
      /** What became of it: a status of a change. */
      status: z.string(),
      verdict: Verdict.nullable(),
    })
    .nullable(),
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
  FlagChangeElsewhereEvidence,
  FlagStateEvidence,
  MetricEvidence,
  DeployEvidence,
  ChangeEvidence,
  PastIncidentEvidence,
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
  /** The trouble is too young to be judged; from then on there are enough samples. Absent: nothing to wait for. */
  lookAgainAt: Instant.optional(),
});
export type Evidence = z.infer<typeof Evidence>;

export function itemsOf<Kind extends EvidenceItem["kind"]>(
  evidence: Evidence,
  kind: Kind,
): EvidenceOf<Kind>[] {
  return evidence.items.filter((item): item is EvidenceOf<Kind> => item.kind === kind);
}

/**
 * What a conclusion is judged by: everything except metrics over windows that a model chose. Whoever may choose the
 * window finds one in which something got worse.
 */
export function judgedEvidence(evidence: Evidence): Evidence {
  const items = evidence.items.filter((item) => item.kind !== "metric" || item.asked === undefined);
  return items.length === evidence.items.length ? evidence : { ...evidence, items };
}
