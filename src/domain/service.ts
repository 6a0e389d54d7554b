import { z } from "zod";
import { Grouping } from "./grouping.ts";

/** One PromQL series that tells how a service is doing. */
export const MetricQuery = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9_-]{1,64}$/)
    .describe("Its name in cards and in the ledger."),
  title: z.string().min(1).max(120).describe("What people read."),
  promql: z.string().min(1).max(2000).describe("The query."),
  unit: z
    .string()
    .max(16)
    .describe(
      "Shown behind numbers: `s`, `ms`, `%`, `req/s` … A ratio with unit `%` is multiplied by 100 by the query itself.",
    ),
  badDirection: z.enum(["up", "down"]).describe("Which direction is trouble."),
});
export type MetricQuery = z.infer<typeof MetricQuery>;

/** A FeatBit project and environment by their keys. */
export const EnvironmentKeys = z.strictObject({
  project: z.string().min(1).describe("Key of the FeatBit project."),
  environment: z.string().min(1).describe("Key of the FeatBit environment."),
});
export type EnvironmentKeys = z.infer<typeof EnvironmentKeys>;

/** An entry of the catalogue: what may be looked at and changed on behalf of an alert. */
export const Service = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/i)
    .describe("What it is called everywhere."),
  owner: z.string().min(1).describe("Who answers for it."),
  channel: z
    .string()
    .min(1)
    .optional()
    .describe("Slack channel id its incidents are posted to; absent: the default channel."),
  tenant: z.string().default("").describe("The account in the audit fields."),
  environments: z
    .record(z.string().min(1), EnvironmentKeys)
    .describe("Value of the alert's environment label → FeatBit project and environment."),
  flags: z
    .strictObject({
      keys: z.array(z.string().min(1)).default([]).describe("Keys of flags."),
      tags: z.array(z.string().min(1)).default([]).describe("Tags of flags; one of them is enough."),
    })
    .prefault({})
    .describe("Flags that may be suspected and changed: by key, or by having one of the tags."),
  internalSegment: z
    .string()
    .min(1)
    .optional()
    .describe('Segment key that means "only us", for `flag.limit_to_segment`.'),
  queries: z.array(MetricQuery).default([]).describe("Metrics that tell how it is doing."),
  deployQuery: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe(
      "PromQL whose series carry a `version` label: a version that appears in the window counts as a deploy.",
    ),
  runbooks: z
    .array(z.string().min(1))
    .default([])
    .describe("Ids of runbooks that always belong to its incidents."),
  sources: z
    .array(
      z.strictObject({
        id: z.string().min(1).describe("Id of the source."),
        match: z.record(z.string(), z.string()).default({}).describe("Labels that must be equal."),
      }),
    )
    .min(1)
    .describe("Which alerts are this service's: the source, and labels that must be equal."),
  grouping: Grouping.optional().describe(
    "Which of its alerts become one incident; absent: as their source says.",
  ),
});
export type Service = z.infer<typeof Service>;

export function mayTouch(service: Service, flag: { key: string; tags: readonly string[] }): boolean {
  return service.flags.keys.includes(flag.key) || flag.tags.some((tag) => service.flags.tags.includes(tag));
}
