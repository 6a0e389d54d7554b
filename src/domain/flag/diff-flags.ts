import { dispatchProperty } from "./evaluate.ts";
import { type Flag, type Rule, sameJson as same, type Segment } from "./flag.ts";
import {
  ARCHIVED,
  percentWords,
  ruleTitle,
  shareWords,
  someOf,
  spreadByWords,
  variationName,
  whoWords,
} from "./flag-words.ts";
import { headedLines, plainName, plainText } from "./plain-text.ts";
import { movedShare, percentsOf, type Spread } from "./rollout.ts";

/**
 * What differs, before → after, in plain lines of at most 200 characters; empty only when neither
 * behaviour nor name, description and tags differ. `segments` are those that either side names.
 */
export function diffFlags(before: Flag, after: Flag, segments: readonly Segment[]): string[] {
  return [
    ...stateLines(before, after),
    ...offVariationLines(before, after),
    ...fallthroughLines(before, after),
    ...ruleLines(before, after, segments),
    ...targetLines(before, after),
    ...variationLines(before, after),
    ...labelLines(before, after),
  ];
}

function stateLines(before: Flag, after: Flag): string[] {
  const lines: string[] = [];
  if (before.isArchived !== after.isArchived) {
    lines.push(
      after.isArchived ? `Archived: no → yes, ${ARCHIVED}` : "Archived: yes → no, back in the lists",
    );
  }
  if (before.isEnabled !== after.isEnabled) {
    const off = variationName(after, after.disabledVariationId);
    lines.push(
      after.isEnabled
        ? "Flag: off → on, rules and individual targets act again"
        : `Flag: on → off, everyone gets ${off}`,
    );
  }
  return lines;
}

function offVariationLines(before: Flag, after: Flag): string[] {
  if (before.disabledVariationId === after.disabledVariationId) return [];
  const [from, to] = [
    variationName(before, before.disabledVariationId),
    variationName(after, after.disabledVariationId),
  ];
  return [`Off variation: ${from} → ${to}`];
}

function fallthroughLines(before: Flag, after: Flag): string[] {
  const lines = spreadLines("Default rule", [before, before.fallthrough], [after, after.fallthrough]);
  if (before.exptIncludeAllTargets !== after.exptIncludeAllTargets) {
    lines.push(
      `Experiments include all targets: ${yesNo(before.exptIncludeAllTargets, after.exptIncludeAllTargets)}`,
    );
  }
  return lines;
}

function ruleLines(before: Flag, after: Flag, segments: readonly Segment[]): string[] {
  const lines: string[] = [];
  for (const rule of after.rules) {
    const old = before.rules.find((other) => other.id === rule.id);
    if (old === undefined) {
      const where = after.rules[0] === rule ? "new, first" : "new";
      const who = plainText(whoWords(rule, segments), 65);
      lines.push(...headedLines(`${ruleTitle(rule)} (${where}; ${who})`, shareWords(after, rule)));
    } else {
      lines.push(...changedRuleLines([before, old], [after, rule], segments));
    }
  }
  const gone = before.rules.filter((rule) => !after.rules.some((other) => other.id === rule.id));
  for (const rule of gone) {
    const who = plainText(whoWords(rule, segments), 55);
    lines.push(...headedLines(`${ruleTitle(rule)} removed (${who}); it served`, shareWords(before, rule)));
  }
  return [...lines, ...orderLines(before, after)];
}

function changedRuleLines(
  [before, old]: [Flag, Rule],
  [after, rule]: [Flag, Rule],
  segments: readonly Segment[],
): string[] {
  const title = ruleTitle(rule);
  const lines = spreadLines(title, [before, old], [after, rule]);
  if (old.name !== rule.name) lines.push(`${title}: was named "${plainName(old.name)}"`);
  if (!same(old.conditions, rule.conditions)) {
    const [from, to] = [whoWords(old, segments), whoWords(rule, segments)];
    const words =
      from === to ? "details of a condition changed" : `${plainText(from, 65)} → ${plainText(to, 65)}`;
    lines.push(plainText(`${title}: ${words}`));
  }
  return lines;
}

function orderLines(before: Flag, after: Flag): string[] {
  const [from, to] = [keptRules(before, after), keptRules(after, before)];
  if (
    same(
      from.map(({ id }) => id),
      to.map(({ id }) => id),
    )
  )
    return [];
  return headedLines(
    "Order of rules is now",
    to.map(({ name }) => `"${plainName(name)}"`),
  );
}

function keptRules(flag: Flag, other: Flag): Rule[] {
  return flag.rules.filter((rule) => other.rules.some(({ id }) => id === rule.id));
}

/** Shares of variations, then what moves users without changing shares, then what moves nobody. */
function spreadLines(title: string, [before, from]: [Flag, Spread], [after, to]: [Flag, Spread]): string[] {
  if (same(from, to)) return [];
  const [old, now] = [percentsOf(from.variations), percentsOf(to.variations)];
  const changed = [...new Set([...old.keys(), ...now.keys()])]
    .filter((id) => old.get(id) !== now.get(id))
    .map((id) => {
      const name = variationName(now.has(id) ? after : before, id);
      return `${name} ${percentWords(old.get(id) ?? 0)} → ${percentWords(now.get(id) ?? 0)}`;
    });
  const lines = headedLines(title, changed);
  if (dispatchProperty(from.dispatchKey) !== dispatchProperty(to.dispatchKey)) {
    lines.push(`${title}: spread by ${spreadByWords(from.dispatchKey)} → ${spreadByWords(to.dispatchKey)}`);
  }
  if (lines.length > 0) return lines;
  const moved = percentWords(100 * movedShare(from, to));
  return [
    moved === "0%"
      ? `${title}: shares unchanged, details changed (experiment settings, names or slice limits)`
      : `${title}: shares unchanged, but ${moved} of its users change variation (order or limits changed)`,
  ];
}

function targetLines(before: Flag, after: Flag): string[] {
  if (same(before.targetUsers, after.targetUsers)) return [];
  const [old, now] = [targetsOf(before), targetsOf(after)];
  const ids = new Set([...before.targetUsers, ...after.targetUsers].map((entry) => entry.variationId));
  const lines = [...ids].flatMap((id) => {
    const name = variationName(
      after.variations.some((variation) => variation.id === id) ? after : before,
      id,
    );
    const added = [...now].filter(([key, to]) => to === id && old.get(key) !== id).map(([key]) => key);
    const removed = [...old].filter(([key, from]) => from === id && now.get(key) !== id).map(([key]) => key);
    const moved = added.filter((key) => old.has(key)).length;
    const plus = added.length === 0 ? [] : [`+${added.length} (${someOf(added)})`];
    const from = moved === 0 ? [] : [`${moved} of them moved from another variation`];
    const minus = removed.length === 0 ? [] : [`−${removed.length} (${someOf(removed)})`];
    return headedLines(`Individual targets of ${name}`, [...plus, ...from, ...minus]);
  });
  return lines.length > 0 ? lines : ["Individual targets: same users, listed differently"];
}

/** First entry wins, as in FeatBit's evaluation. */
export function targetsOf(flag: Flag): Map<string, string> {
  const targets = new Map<string, string>();
  for (const { keyIds, variationId } of flag.targetUsers) {
    for (const key of keyIds) if (!targets.has(key)) targets.set(key, variationId);
  }
  return targets;
}

function variationLines(before: Flag, after: Flag): string[] {
  if (same(before.variations, after.variations) && before.variationType === after.variationType) return [];
  const [old, now] = [
    new Map(before.variations.map((v) => [v.id, v])),
    new Map(after.variations.map((v) => [v.id, v])),
  ];
  const lines: string[] = [];
  for (const [id, variation] of now) {
    const was = old.get(id);
    const title = `Variation ${plainName(variation.name)}`;
    if (was === undefined) lines.push(`${title}: added, value ${plainName(variation.value)}`);
    else if (was.name !== variation.name) lines.push(`${title}: was named ${plainName(was.name)}`);
    if (was !== undefined && was.value !== variation.value) {
      lines.push(`${title}: value ${plainName(was.value)} → ${plainName(variation.value)}`);
    }
  }
  for (const [id, variation] of old) {
    if (!now.has(id)) lines.push(`Variation ${plainName(variation.name)}: removed`);
  }
  if (before.variationType !== after.variationType) {
    lines.push(`Type of variations: ${plainName(before.variationType)} → ${plainName(after.variationType)}`);
  }
  return lines.length > 0 ? lines : ["Variations: order changed"];
}

function labelLines(before: Flag, after: Flag): string[] {
  const lines: string[] = [];
  if (before.key !== after.key) lines.push(`Key: ${plainName(before.key)} → ${plainName(after.key)}`);
  if (before.name !== after.name) lines.push(`Name: ${plainName(before.name)} → ${plainName(after.name)}`);
  if (before.description !== after.description) lines.push("Description changed");
  if (!same(before.tags, after.tags)) {
    lines.push(
      plainText(`Tags: ${plainText(tagWords(before.tags), 90)} → ${plainText(tagWords(after.tags), 90)}`),
    );
  }
  return lines;
}

function yesNo(before: boolean, after: boolean): string {
  return `${before ? "yes" : "no"} → ${after ? "yes" : "no"}`;
}

function tagWords(tags: readonly string[]): string {
  return tags.length === 0 ? "none" : someOf(tags);
}
