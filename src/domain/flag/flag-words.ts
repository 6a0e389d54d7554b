import { dispatchProperty } from "./evaluate.ts";
import {
  type Condition,
  type Flag,
  IN_SEGMENT,
  isSegmentCondition,
  listOf,
  type Rule,
  type Segment,
  variationNamed,
} from "./flag.ts";
import { OPERATOR_WORDS } from "./match-condition.ts";
import { plainName, plainText } from "./plain-text.ts";
import { percentsOf, type Spread } from "./rollout.ts";

const SHOWN = 5;

/** What being archived means: the Node SDK, for one, does not look at it (FeatBit contract §0.11). */
export const ARCHIVED =
  "out of FeatBit's lists; its evaluation API serves nothing, server SDKs go on serving what the flag says";

export function variationName(flag: Flag, variationId: string): string {
  const variation = variationNamed(flag, variationId);
  return variation === undefined
    ? `unknown variation ${plainName(variationId)}`
    : plainName(variation.name || variation.value);
}

/** 12.5 → "12.5%": at most three decimals, none that say nothing. */
export function percentWords(percent: number): string {
  return `${Number(percent.toFixed(3))}%`;
}

/** "baseline 90%" per variation that has a share. */
export function shareWords(flag: Flag, spread: Spread): string[] {
  const shares = [...percentsOf(spread.variations)];
  return shares.map(([id, percent]) => `${variationName(flag, id)} ${percentWords(percent)}`);
}

/** The first few names, then how many more there are. */
export function someOf(names: readonly string[]): string {
  const shown = plainText(names.slice(0, SHOWN).map(plainName).join(", "), 90);
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}

export function conditionWords(condition: Condition, segments: readonly Segment[]): string {
  if (isSegmentCondition(condition)) {
    const names = (listOf(condition.value) ?? []).map(
      (id) => segments.find((segment) => segment.id === id)?.name ?? `unknown segment ${id}`,
    );
    return `${condition.property === IN_SEGMENT ? "in segment" : "not in segment"} ${someOf(names)}`;
  }
  const property = condition.property === "keyId" ? "user key" : plainName(condition.property);
  const words = OPERATOR_WORDS.get(condition.op) ?? `(unknown operator ${plainName(condition.op)})`;
  if (condition.op === "IsTrue" || condition.op === "IsFalse") return `${property} ${words}`;
  const list = condition.op === "IsOneOf" || condition.op === "NotOneOf" ? listOf(condition.value) : null;
  return `${property} ${words} ${list === null ? plainName(condition.value) : someOf(list)}`;
}

/** Who a rule catches: "country is one of FR, DE and in segment Internal". */
export function whoWords(rule: Rule, segments: readonly Segment[]): string {
  if (rule.conditions.length === 0) return "everyone";
  return rule.conditions.map((condition) => conditionWords(condition, segments)).join(" and ");
}

/** Empty for the usual spread by user key. */
export function spreadByWords(dispatchKey: string | null): string {
  const property = dispatchProperty(dispatchKey);
  return property === "keyId" ? "user key" : plainName(property);
}

export function ruleTitle(rule: Pick<Rule, "name">): string {
  return `Rule "${plainName(rule.name)}"`;
}
