import canonicalize from "canonicalize";
import { z } from "zod";

/**
 * A feature flag as FeatBit 5.4 keeps it, field for field, so that what we read can be written back
 * exactly. Where the server may hold a null that means nothing for behaviour, the adapter maps it: tags
 * null → [], description null → "", rule name null → "", variation value null → "", `op` null → "".
 * A rule with `conditions: null` has no representation here, because FeatBit itself answers 500 for the
 * whole environment then; the adapter refuses such a flag. Values are not trusted to be consistent:
 * FeatBit validates nothing in targeting, so ask `faultsOf` before building on a flag.
 */

export const Variation = z.strictObject({ id: z.string(), name: z.string(), value: z.string() });
export type Variation = z.infer<typeof Variation>;

/** One slice of a rollout: users whose bucket lies in `rollout` ([start, end], 0..1, both inclusive). */
export const RolloutVariation = z.strictObject({
  id: z.string(),
  rollout: z.tuple([z.number(), z.number()]),
  exptRollout: z.number(),
});
export type RolloutVariation = z.infer<typeof RolloutVariation>;

/** `value` is always text; for one-of operators and segment conditions a JSON array of strings. */
export const Condition = z.strictObject({
  id: z.string(),
  property: z.string(),
  op: z.string(),
  value: z.string(),
});
export type Condition = z.infer<typeof Condition>;

/** All conditions must hold. `dispatchKey` null, blank or "keyId" spreads users by their key. */
export const Rule = z.strictObject({
  id: z.string(),
  name: z.string(),
  dispatchKey: z.string().nullable(),
  includedInExpt: z.boolean(),
  conditions: z.array(Condition),
  variations: z.array(RolloutVariation),
});
export type Rule = z.infer<typeof Rule>;

/** The default rule: everybody whom no individual target and no rule caught. */
export const Fallthrough = z.strictObject({
  dispatchKey: z.string().nullable(),
  includedInExpt: z.boolean(),
  variations: z.array(RolloutVariation),
});
export type Fallthrough = z.infer<typeof Fallthrough>;

/** Users served one variation by their key, before any rule. */
export const TargetUsers = z.strictObject({ keyIds: z.array(z.string()), variationId: z.string() });
export type TargetUsers = z.infer<typeof TargetUsers>;

/** `createdAt` and `updatedAt` are ISO 8601 UTC text as FeatBit sent it (0–7 fractional digits). */
export const Flag = z.strictObject({
  id: z.string(),
  revision: z.string(),
  key: z.string().min(1),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  isArchived: z.boolean(),
  isEnabled: z.boolean(),
  variationType: z.string(),
  variations: z.array(Variation),
  targetUsers: z.array(TargetUsers),
  rules: z.array(Rule),
  fallthrough: Fallthrough,
  exptIncludeAllTargets: z.boolean(),
  disabledVariationId: z.string(),
});
export type Flag = z.infer<typeof Flag>;

export const SegmentRule = z.strictObject({
  id: z.string(),
  name: z.string(),
  conditions: z.array(Condition),
});
export type SegmentRule = z.infer<typeof SegmentRule>;

/** Excluded wins over included, included over rules; any rule may match. No nested segments. */
export const Segment = z.strictObject({
  id: z.string(),
  name: z.string(),
  key: z.string(),
  included: z.array(z.string()),
  excluded: z.array(z.string()),
  rules: z.array(SegmentRule),
  updatedAt: z.string(),
  isArchived: z.boolean(),
});
export type Segment = z.infer<typeof Segment>;

/** `project` and `environment` are FeatBit keys, `environmentId` the GUID its REST paths need. */
export const FlagRef = z.strictObject({
  project: z.string().min(1),
  environment: z.string().min(1),
  environmentId: z.string().min(1),
  key: z.string().min(1),
});
export type FlagRef = z.infer<typeof FlagRef>;

/** A flag together with the segments its conditions name, sorted by id. */
export const FlagSnapshot = z.strictObject({ ref: FlagRef, flag: Flag, segments: z.array(Segment) });
export type FlagSnapshot = z.infer<typeof FlagSnapshot>;

/** The four targeting fields that FeatBit's `PUT …/targeting` replaces as a whole. */
export const Targeting = z.strictObject({
  targetUsers: z.array(TargetUsers),
  rules: z.array(Rule),
  fallthrough: Fallthrough,
  exptIncludeAllTargets: z.boolean(),
});
export type Targeting = z.infer<typeof Targeting>;

export function targetingOf(flag: Flag): Targeting {
  const { targetUsers, rules, fallthrough, exptIncludeAllTargets } = flag;
  return { targetUsers, rules, fallthrough, exptIncludeAllTargets };
}

/** The fields that decide what users get. Names, tags, times and the revision are not among them. */
export type FlagBehaviour = Pick<
  Flag,
  "key" | "isEnabled" | "isArchived" | "variationType" | "variations" | "disabledVariationId"
> &
  Targeting;

export function behaviourOf(flag: Flag): FlagBehaviour {
  const { key, isEnabled, isArchived, variationType, variations, disabledVariationId } = flag;
  return {
    key,
    isEnabled,
    isArchived,
    variationType,
    variations,
    disabledVariationId,
    ...targetingOf(flag),
  };
}

/** Field for field, in order: the order of rules, slices and targets decides who gets what. */
export function sameBehaviour(a: Flag, b: Flag): boolean {
  return sameJson(behaviourOf(a), behaviourOf(b));
}

/** Equal as JSON: the order of object keys does not count, that of lists does. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonicalize(a) === canonicalize(b);
}

export const IN_SEGMENT = "User is in segment";
export const NOT_IN_SEGMENT = "User is not in segment";

export function isSegmentCondition(condition: Condition): boolean {
  return condition.property === IN_SEGMENT || condition.property === NOT_IN_SEGMENT;
}

/** The strings of a JSON array value; null where the text is not one (FeatBit does not check). */
export function listOf(value: string): string[] | null {
  try {
    const parsed: unknown = JSON.parse(value);
    if (!Array.isArray(parsed)) return null;
    return parsed.every((item) => typeof item === "string") ? parsed : null;
  } catch {
    return null;
  }
}

/** Ids of the segments that the flag's conditions name: sorted, each once. */
export function segmentIdsOf(flag: Pick<Flag, "rules">): string[] {
  const conditions = flag.rules.flatMap((rule) => rule.conditions).filter(isSegmentCondition);
  return [...new Set(conditions.flatMap((condition) => listOf(condition.value) ?? []))].toSorted();
}

export function variationNamed(flag: Flag, variationId: string): Variation | undefined {
  return flag.variations.find((variation) => variation.id === variationId);
}
