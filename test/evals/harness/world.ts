import { z } from "zod";
import { CauseClass } from "../../../src/domain/assessment.ts";
import { Tool } from "../../../src/domain/flag/operation.ts";

/**
 * A snapshot of everything that can be known about one incident, in a compact form: what a service's flags are and
 * were, how its metrics went, what else happened, the alert, and what a good drafter makes of it. Points in time are
 * minutes before the investigation (`ago`); a negative one is while the investigation runs. Variations go by name.
 */

const minutesAgo = z.number();
const variationName = z.string().min(1);

/** Percent by variation, in the order of the slices; one name alone is everyone. */
const Serve = z.union([variationName, z.record(variationName, z.number().min(0).max(100))]);
export type Serve = z.infer<typeof Serve>;

/** What is said replaces what was; the rest stays. */
export const FlagState = z.strictObject({
  on: z.boolean().optional(),
  serve: Serve.optional(),
  rules: z
    .array(
      z.strictObject({
        id: z.string(),
        /** Users of this segment, or … */
        segment: z.string().optional(),
        /** … users with one of these values of an attribute. */
        where: z.strictObject({ property: z.string(), isOneOf: z.array(z.string()) }).optional(),
        serve: Serve,
      }),
    )
    .optional(),
  targets: z.record(variationName, z.array(z.string())).optional(),
  offServes: variationName.optional(),
  archived: z.boolean().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  tags: z.array(z.string()).optional(),
});
export type FlagState = z.infer<typeof FlagState>;

export const FlagStory = z.strictObject({
  /** Default: the booleans `true` and `false`, of which `false` is served while the flag is off. */
  variations: z.array(variationName).min(2).optional(),
  environment: z.string().default("production"),
  state: FlagState.default({}),
  changes: z
    .array(
      z.strictObject({
        ago: minutesAgo,
        by: z.string().default("Maya"),
        comment: z.string().default(""),
        /** Null: the flag is removed. `created` (only first): it did not exist before. */
        set: FlagState.nullable(),
        created: z.boolean().default(false),
      }),
    )
    .default([]),
});
export type FlagStory = z.infer<typeof FlagStory>;

export const SegmentStory = z.strictObject({
  /** Users by key; `user-0` … `user-999` are the population. */
  included: z.array(z.string()).default([]),
  countries: z.array(z.string()).default([]),
  changes: z
    .array(
      z.strictObject({ ago: minutesAgo, by: z.string().default("Maya"), countries: z.array(z.string()) }),
    )
    .default([]),
});

/** From `ago` on, reached within `over` minutes, until `until` if it ends. Absolute, or so many `times` the level. */
export const Shift = z.strictObject({
  ago: minutesAgo,
  to: z.number().optional(),
  times: z.number().optional(),
  over: z.number().nonnegative().default(0),
  until: minutesAgo.optional(),
});
export type Shift = z.infer<typeof Shift>;

export const SeriesStory = z.strictObject({
  labels: z.record(z.string(), z.string()).default({}),
  level: z.number().nonnegative(),
  /** Standard deviation of a sample as a share of the level. Where `traffic` is set chance decides instead. */
  noise: z.number().nonnegative().default(0.05),
  /** Requests per minute: a share is then counted among these. */
  traffic: z.number().positive().optional(),
  /** Requests per minute that meet it, where the counters behind it are scraped (`World.scraping`). */
  requests: z.number().positive().optional(),
  /** Minutes over which the query averages, as `rate(…[5m])` does. */
  window: z.number().nonnegative().default(1),
  shifts: z.array(Shift).default([]),
  /** The level goes up and down by this share of itself within so many minutes. */
  season: z
    .strictObject({ amplitude: z.number(), minutes: z.number().positive(), phase: z.number().default(0) })
    .optional(),
  /** How often, per sample, an outlier comes. */
  spikes: z.number().min(0).max(1).default(0),
  /** The series has samples only from, and only until. */
  from: minutesAgo.optional(),
  until: minutesAgo.optional(),
  /** Times without samples. */
  missing: z.array(z.strictObject({ ago: minutesAgo, until: minutesAgo })).default([]),
});
export type SeriesStory = z.infer<typeof SeriesStory>;

export const QueryStory = z.strictObject({
  title: z.string(),
  unit: z.string(),
  bad: z.enum(["up", "down"]).default("up"),
  series: z.array(SeriesStory),
  /** How the query goes wrong, if it does. */
  fails: z.enum(["unreachable", "hangs"]).optional(),
});
export type QueryStory = z.infer<typeof QueryStory>;

/** How counters are read that are scraped, in place of values that are averaged. */
export const Scraping = z.strictObject({
  everySeconds: z.number().positive(),
  /** Share of scrapes that fail. */
  lost: z.number().min(0).max(1),
  /** Of the logarithm of the times requests take. */
  sigma: z.number().positive(),
  /** How much all requests get better and worse together: standard deviation of a logarithm that wanders. */
  unrest: z.number().nonnegative(),
});
export type Scraping = z.infer<typeof Scraping>;

/** What is true of this world, by which an answer is scored. */
export const Truth = z.strictObject({
  /** Any of these is a fair name for the cause. */
  cause: z.array(CauseClass).min(1),
  /** Flags that did it, and which variation harms. Empty: to recommend any flag change is wrong. */
  flags: z.record(z.string(), z.strictObject({ harmful: variationName })).default({}),
  /** True where the evidence does not decide it: then both an abstention and the right flag are fine. */
  mayAbstain: z.boolean().default(false),
  /** Where set, only these tools are a right answer. */
  tools: z.array(Tool).optional(),
});
export type Truth = z.infer<typeof Truth>;

export const World = z.strictObject({
  name: z.string(),
  class: z.string(),
  seed: z.string(),
  service: z.string().default("shop"),
  /** The environment of the alert's label; null: it has none. */
  environment: z.string().nullable().default("production"),
  environments: z.array(z.string()).min(1).default(["production"]),
  alert: z.strictObject({
    title: z.string(),
    summary: z.string().default(""),
    /** When the source says it began. */
    ago: minutesAgo,
    resolvedAgo: minutesAgo.optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  flags: z.record(z.string(), FlagStory).default({}),
  segments: z.record(z.string(), SegmentStory).default({}),
  hasInternalSegment: z.boolean().default(true),
  metrics: z.record(z.string(), QueryStory),
  /** Set where series that say how many requests they are about are read from scraped counters. */
  scraping: Scraping.optional(),
  /** Seen in the deploy metric, or told by a deploy system. Undefined: deploys are not visible at all. */
  deploys: z
    .array(z.strictObject({ ago: minutesAgo, version: z.string(), told: z.boolean().default(false) }))
    .optional(),
  /** Other changes that some system told of. */
  changes: z
    .array(
      z.strictObject({
        ago: minutesAgo,
        kind: z.enum(["config", "infrastructure", "data"]),
        title: z.string(),
      }),
    )
    .default([]),
  runbooks: z.array(z.string()).default([]),
  fails: z.array(z.enum(["history", "list", "segments", "telemetry"])).default([]),
  truth: Truth,
});
export type World = z.infer<typeof World>;
