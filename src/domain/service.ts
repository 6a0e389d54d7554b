import { z } from "zod";
import { Grouping } from "./grouping.ts";

/** One PromQL series that tells how a service is doing. */
export const MetricQuery = z.strictObject({
  id: z.string().regex(/^[a-z0-9_-]{1,64}$/),
  title: z.string().min(1).max(120),
  promql: z.string().min(1).max(2000),
  /** Shown behind numbers: `s`, `ms`, `%`, `req/s` … A ratio with unit `%` is multiplied by 100 by the query itself. */
  unit: z.string().max(16),
  /** Which direction is trouble. */
  badDirection: z.enum(["up", "down"]),
});
export type MetricQuery = z.infer<typeof MetricQuery>;

/** A FeatBit project and environment by their keys. */
export const EnvironmentKeys = z.strictObject({
  project: z.string().min(1),
  environment: z.string().min(1),
});
export type EnvironmentKeys = z.infer<typeof EnvironmentKeys>;

/** An entry of the catalogue: what may be looked at and changed on behalf of an alert. */
export const Service = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/i),
  owner: z.string().min(1),
  /** Slack channel id its incidents are posted to; absent: the default channel. */
  channel: z.string().min(1).optional(),
  tenant: z.string().default(""),
  environments: z.record(z.string().min(1), EnvironmentKeys),
  /** Flags that may be suspected and changed: by key, or by having one of the tags. */
  flags: z
    .strictObject({
      keys: z.array(z.string().min(1)).default([]),
      tags: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
  /** Segment key that means "only us", for `flag.limit_to_segment`. */
  internalSegment: z.string().min(1).optional(),
  queries: z.array(MetricQuery).default([]),
  /** PromQL whose series carry a `version` label: a version that appears in the window counts as a deploy. */
  deployQuery: z.string().min(1).max(2000).optional(),
  runbooks: z.array(z.string().min(1)).default([]),
  /** Which alerts are this service's: the source, and labels that must be equal. */
  sources: z
    .array(z.strictObject({ id: z.string().min(1), match: z.record(z.string(), z.string()).default({}) }))
    .min(1),
  /** Which of its alerts become one incident; absent: as their source says. */
  grouping: Grouping.optional(),
});
export type Service = z.infer<typeof Service>;

export function mayTouch(service: Service, flag: { key: string; tags: readonly string[] }): boolean {
  return service.flags.keys.includes(flag.key) || flag.tags.some((tag) => service.flags.tags.includes(tag));
}
