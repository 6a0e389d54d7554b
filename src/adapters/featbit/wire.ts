import { z } from "zod";

/**
 * What FeatBit 5.4 sends, as loosely as it may be sent: unknown members are dropped, and a null is let through
 * where the recorded server was seen to keep one. `to-flag.ts` maps it to the domain.
 */

const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");

const WireRollout = z.object({
  id: text,
  rollout: z.tuple([z.number(), z.number()]),
  exptRollout: z.number().default(1),
});

const WireCondition = z.object({ id: text, property: text, op: text, value: text });

const WireSpread = z.object({
  dispatchKey: z
    .string()
    .nullish()
    .transform((key) => key ?? null),
  includedInExpt: z.boolean().default(false),
  variations: list(WireRollout),
});

export const WireFlag = z.object({
  id: z.string(),
  revision: z.string().min(1),
  key: z.string().min(1),
  name: text,
  description: text,
  tags: list(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  isArchived: z.boolean(),
  isEnabled: z.boolean(),
  variationType: text,
  variations: z.array(z.object({ id: text, name: text, value: text })),
  targetUsers: list(z.object({ keyIds: list(z.string()), variationId: text })),
  rules: list(
    WireSpread.extend({
      id: text,
      name: text,
      // Null is kept apart from empty: the domain has no form for it, and FeatBit itself fails over it.
      conditions: z
        .array(WireCondition)
        .nullish()
        .transform((conditions) => conditions ?? null),
    }),
  ),
  fallthrough: WireSpread,
  exptIncludeAllTargets: z.boolean().default(true),
  disabledVariationId: text,
});
export type WireFlag = z.infer<typeof WireFlag>;

const WirePerson = z.object({ name: text, email: text });

export const WireFlagListItem = z.object({
  key: z.string(),
  name: text,
  isEnabled: z.boolean(),
  tags: list(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  serves: z.object({ enabledVariations: list(z.string().nullable()), disabledVariation: text }),
  lastChange: z.object({ operator: WirePerson.nullish(), happenedAt: z.string() }).nullish(),
});
export type WireFlagListItem = z.infer<typeof WireFlagListItem>;

export const WireSegment = z.object({
  id: z.string(),
  name: text,
  key: text,
  included: list(z.string()),
  excluded: list(z.string()),
  rules: list(z.object({ id: text, name: text, conditions: list(WireCondition) })),
  updatedAt: z.string(),
  isArchived: z.boolean(),
});
export type WireSegment = z.infer<typeof WireSegment>;

export const WireSegmentListItem = z.object({ id: z.string() });

export const WireAuditEntry = z.object({
  id: z.string(),
  refId: z.string(),
  refType: z.string(),
  operation: text,
  /** JSON text of the whole flag; `""` where there is no such side. */
  dataChange: z.object({ previous: text, current: text }),
  comment: text,
  creatorName: text,
  creatorEmail: text,
  createdAt: z.string(),
});
export type WireAuditEntry = z.infer<typeof WireAuditEntry>;

/** A schedule or a change request; both carry the other's members, null. */
export const WirePendingChange = z.object({
  type: text,
  status: text,
  scheduleTitle: text,
  scheduledTime: text,
  changeRequestReason: text,
});
export type WirePendingChange = z.infer<typeof WirePendingChange>;

/** Secrets are not even parsed, so that they cannot be passed on. */
export const WireProject = z.object({
  key: z.string(),
  environments: list(z.object({ id: z.string(), key: z.string() })),
});
export type WireProject = z.infer<typeof WireProject>;

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ totalCount: z.number(), items: z.array(item) });

export const WireEnvelope = z.object({
  success: z.boolean(),
  errors: list(z.string()),
  data: z.unknown(),
});

/** What ASP.NET answers before FeatBit's own code is reached. */
export const WireProblem = z.object({
  title: z.string(),
  errors: z.record(z.string(), z.unknown()).optional(),
});
