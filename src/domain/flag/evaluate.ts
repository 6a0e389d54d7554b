import { createHash } from "node:crypto";
import { type Flag, type RolloutVariation, type Segment, variationNamed } from "./flag.ts";
import { attributeOf, type FlagUser, matchesConditions, UnknownSegment } from "./match-condition.ts";

export type Evaluation = {
  /** Null when archived or malformed: FeatBit then serves no variation and the SDK its default. */
  variationId: string | null;
  reason: "archived" | "off" | "target" | "rule" | "default" | "malformed";
  ruleId?: string;
};

/** What FeatBit's server gives this user: archived, off, individual targets, rules in order, default. */
export function evaluate(flag: Flag, segments: readonly Segment[], user: FlagUser): Evaluation {
  if (flag.isArchived) return { variationId: null, reason: "archived" };
  if (!flag.isEnabled) return served(flag, flag.disabledVariationId, { reason: "off" });

  const target = flag.targetUsers.find((entry) => entry.keyIds.includes(user.key));
  if (target !== undefined) return served(flag, target.variationId, { reason: "target" });

  try {
    const rule = flag.rules.find((candidate) => matchesConditions(candidate.conditions, user, segments));
    return rule === undefined
      ? served(flag, slicedTo(flag, flag.fallthrough, user), { reason: "default" })
      : served(flag, slicedTo(flag, rule, user), { reason: "rule", ruleId: rule.id });
  } catch (error) {
    if (error instanceof UnknownSegment) return { variationId: null, reason: "malformed" };
    throw error;
  }
}

function served(
  flag: Flag,
  variationId: string | undefined,
  because: Pick<Evaluation, "reason" | "ruleId">,
): Evaluation {
  if (variationId === undefined || variationNamed(flag, variationId) === undefined) {
    return { ...because, variationId: null, reason: "malformed" };
  }
  return { variationId, ...because };
}

type Spread = { dispatchKey: string | null; variations: readonly RolloutVariation[] };

function slicedTo(flag: Flag, spread: Spread, user: FlagUser): string | undefined {
  const bucket = bucketOf(flag.key + attributeOf(user, dispatchProperty(spread.dispatchKey)));
  return spread.variations.find((slice) => inSlice(slice, bucket))?.id;
}

/** Which attribute spreads the users: none, blank and "keyId" all mean the user's key. */
export function dispatchProperty(dispatchKey: string | null): string {
  return dispatchKey === null || dispatchKey.trim() === "" ? "keyId" : dispatchKey;
}

/** Both ends belong to the slice; the first slice that holds the bucket wins. */
export function inSlice({ rollout: [start, end] }: RolloutVariation, bucket: number): boolean {
  if (start === 0 && 1 - end < 1e-5) return true;
  if (start === 0 && end === 0) return false;
  return start <= bucket && bucket <= end;
}

/** FeatBit's bucket 0..1 of a dispatch string (flag key + attribute): int32 of MD5, scaled. */
export function bucketOf(dispatchString: string): number {
  const hash = createHash("md5").update(dispatchString, "utf8").digest();
  return Math.abs(hash.readInt32LE(0) / -2147483648);
}
