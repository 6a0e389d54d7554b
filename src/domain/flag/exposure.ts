import { z } from "zod";
import { targetsOf } from "./diff-flags.ts";
import { type Flag, type Rule, type Segment, segmentIdsOf } from "./flag.ts";
import { percentWords, ruleTitle, variationName, whoWords } from "./flag-words.ts";
import { maxMovedShare } from "./moved-share.ts";
import { plainName, plainText } from "./plain-text.ts";
import { movedShare, percentsOf, type Spread, wholeSlice } from "./rollout.ts";
import { servedBy } from "./served-by.ts";

const Percent = z.number().min(0).max(100);

export const VariationShare = z.strictObject({
  variationId: z.string(),
  name: z.string(),
  percent: Percent,
});
export type VariationShare = z.infer<typeof VariationShare>;

/** What the users of one rule get. Null: the rule is not there then, so it depends on the other rules. */
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
  /** The default rule (while the flag is off: everyone), each list summing to 100; to 0 while it is archived. */
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

/** Computes who is affected when `after` replaces `before`; both must be free of faults. */
export function exposureOf(before: Flag, after: Flag, segments: readonly Segment[]): Exposure {
  const byVariation = defaultShares(before, after);
  const rules = ruleExposures(before, after, segments);
  const moved = targetsMoved(before, after);
  const targeted = [...targetsOf(after).keys()];
  const used = new Set([...segmentIdsOf(before), ...segmentIdsOf(after)]);
  const facts = {
    byVariation,
    movedPercent: percent(movedShare(everyoneElse(before), everyoneElse(after))),
    maxMovedPercent: percent(maxMovedShare(before, after)),
    rules,
    targets: targeted.length,
    targetsMoved: moved.size,
    segments: segments.filter(({ id }) => used.has(id)).map(({ name }) => plainName(name)),
  };
  const keeping = after.isEnabled ? targeted.filter((key) => !moved.has(key)).length : 0;
  const archived = before.isArchived === after.isArchived ? null : archivedWords(after);
  return { ...facts, words: archived ?? wordsOf(facts, keeping) };
}

/**
 * 0..100: upper bound of the share of users whose variation the plan changes, over every rule and the
 * default rule. Individually targeted users come on top: `exposure.targetsMoved` counts them.
 */
export function maxShareMoved(plan: { before: { flag: Flag }; after: Flag }): number {
  return percent(maxMovedShare(plan.before.flag, plan.after));
}

/** The variation of an archived flag: none, for those who ask FeatBit. */
const NOTHING = "";

/** The default rule, or what an off flag serves to everyone; the worst is taken of an archived one. */
function everyoneElse(flag: Flag): Spread {
  if (flag.isArchived) return { dispatchKey: null, variations: [wholeSlice(NOTHING)] };
  if (flag.isEnabled) return flag.fallthrough;
  return { dispatchKey: null, variations: [wholeSlice(flag.disabledVariationId)] };
}

function isActive(flag: Flag): boolean {
  return flag.isEnabled && !flag.isArchived;
}

function activeRules(flag: Flag): Rule[] {
  return isActive(flag) ? flag.rules : [];
}

function spreadsOf(flag: Flag): Spread[] {
  return [...activeRules(flag), everyoneElse(flag)];
}

function defaultShares(before: Flag, after: Flag): Exposure["byVariation"] {
  const [old, now] = [everyoneElse(before), everyoneElse(after)].map((spread) =>
    percentsOf(spread.variations),
  );
  return after.variations
    .map(({ id }) => ({
      variationId: id,
      name: variationName(after, id),
      beforePercent: old?.get(id) ?? 0,
      afterPercent: now?.get(id) ?? 0,
    }))
    .filter(({ beforePercent, afterPercent }) => beforePercent > 0 || afterPercent > 0);
}

function ruleExposures(before: Flag, after: Flag, segments: readonly Segment[]): RuleExposure[] {
  const rules = new Map([...activeRules(before), ...activeRules(after)].map((rule) => [rule.id, rule]));
  return [...rules.values()].map((rule) => {
    const [old, now] = [spreadOfRule(before, rule.id), spreadOfRule(after, rule.id)];
    return {
      ruleId: rule.id,
      name: plainName(rule.name),
      who: plainText(whoWords(rule, segments)),
      before: old === undefined ? null : sharesOf(before, old),
      after: now === undefined ? null : sharesOf(after, now),
      movedPercent: percent(ruleMoved(before, after, old, now)),
    };
  });
}

/** What the rule's users get; while the flag is off or archived that is what everyone gets. */
function spreadOfRule(flag: Flag, ruleId: string): Spread | undefined {
  return isActive(flag) ? flag.rules.find((rule) => rule.id === ruleId) : everyoneElse(flag);
}

/** A rule that comes or goes takes its users from, or leaves them to, the worst of the other paths. */
function ruleMoved(before: Flag, after: Flag, old: Spread | undefined, now: Spread | undefined): number {
  if (old !== undefined && now !== undefined) return movedShare(old, now);
  const from = old === undefined ? spreadsOf(before) : [old];
  const to = now === undefined ? spreadsOf(after) : [now];
  return Math.max(...from.flatMap((a) => to.map((b) => movedShare(a, b))));
}

function sharesOf(flag: Flag, spread: Spread): VariationShare[] {
  const served = [...percentsOf(spread.variations)].filter(([id]) => id !== NOTHING);
  return served.map(([variationId, share]) => ({
    variationId,
    name: variationName(flag, variationId),
    percent: share,
  }));
}

/** Users whose individual target comes, goes or changes, or starts or stops acting with the flag. */
function targetsMoved(before: Flag, after: Flag): Set<string> {
  const [old, now] = [targetsOf(before), targetsOf(after)];
  const keys = [...old.keys(), ...now.keys()];
  return new Set(keys.filter((key) => servedTarget(before, old, key) !== servedTarget(after, now, key)));
}

function servedTarget(flag: Flag, targets: ReadonlyMap<string, string>, key: string): string | undefined {
  if (flag.isArchived) return NOTHING;
  return flag.isEnabled ? targets.get(key) : flag.disabledVariationId;
}

/** How many services of either sort still ask is not in the flag, so there are no shares to tell. */
function archivedWords(flag: Flag): string[] {
  const names = plainText([...servedBy(flag)].map((id) => variationName(flag, id)).join(", "), 90);
  return flag.isArchived
    ? [
        `Services that still ask through a server SDK of FeatBit go on getting ${names}.`,
        "Those that ask FeatBit's evaluation API get nothing and fall to the default in their code.",
      ]
    : [
        `Services that ask FeatBit's evaluation API get ${names} again in place of the default in their code.`,
        `Those that ask through a server SDK of FeatBit keep ${names}.`,
      ];
}

function wordsOf(facts: Omit<Exposure, "words">, keepingTargets: number): string[] {
  // Without a rule everybody but the individually targeted is served by the default.
  const whom = facts.rules.length === 0 ? "users" : "users not matched by a rule";
  const words = facts.byVariation
    .filter(({ beforePercent, afterPercent }) => beforePercent !== afterPercent)
    .map(({ name, beforePercent, afterPercent }) => {
      const verb = afterPercent < beforePercent ? "lose" : "get";
      const share = percentWords(Math.abs(afterPercent - beforePercent));
      return `About ${share} of ${whom} ${verb} ${name}.`;
    });
  if (words.length === 0) {
    words.push(
      facts.movedPercent > 0
        ? `About ${percentWords(facts.movedPercent)} of ${whom} change variation; the shares stay.`
        : `${whom.replace("users", "Users")} keep what they have.`,
    );
  }
  for (const rule of facts.rules.filter(({ movedPercent }) => movedPercent > 0)) {
    const upTo = rule.before === null || rule.after === null ? "up to" : "about";
    words.push(
      plainText(
        `${ruleTitle(rule)}: ${upTo} ${percentWords(rule.movedPercent)} of the users it matches change variation; how many it matches is not known (${rule.who}).`,
      ),
    );
  }
  if (facts.targetsMoved > 0) words.push(`Individually targeted, may change: ${users(facts.targetsMoved)}.`);
  if (keepingTargets > 0) words.push(`Individually targeted, unchanged: ${users(keepingTargets)}.`);
  return words;
}

function users(count: number): string {
  return count === 1 ? "1 user" : `${count} users`;
}

function percent(share: number): number {
  return Math.min(100, Math.max(0, Number((share * 100).toFixed(3))));
}
