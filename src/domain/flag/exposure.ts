import { z } from "zod";

const Percent = z.number().min(0).max(100);

export const VariationShare = z.strictObject({
  variationId: z.string(),
  name: z.string(),
  percent: Percent,
});
export type VariationShare = z.infer<typeof VariationShare>;

/** What one rule serves. Null: the rule does not exist (or does not act, the flag being off) then. */
export const RuleExposure = z.strictObject({
  ruleId: z.string(),
  name: z.string(),
  who: z.string(),
  before: z.array(VariationShare).nullable(),
  after: z.array(VariationShare).nullable(),
  movedPercent: Percent,
});
export type RuleExposure = z.infer<typeof RuleExposure>;

/**
 * Who is affected, computed and not sampled. Percentages are of the users a rule (or the default rule)
 * catches: how many users match a rule is not knowable from a flag, and the words say so.
 */
export const Exposure = z.strictObject({
  /** The default rule (while the flag is off: everyone), each list summing to 100. */
  byVariation: z.array(
    z.strictObject({
      variationId: z.string(),
      name: z.string(),
      beforePercent: Percent,
      afterPercent: Percent,
    }),
  ),
  /** Share of the default rule's users whose variation changes. */
  movedPercent: Percent,
  /** Upper bound over all rules and the default rule; individual targets are counted apart. */
  maxMovedPercent: Percent,
  rules: z.array(RuleExposure),
  /** Individually targeted users after the change, and those whose variation it changes. */
  targets: z.number().int().min(0),
  targetsMoved: z.number().int().min(0),
  /** Names of the segments that the flag uses before or after. */
  segments: z.array(z.string()),
  words: z.array(z.string()),
});
export type Exposure = z.infer<typeof Exposure>;
