import { type Segment, sameJson, type SegmentRule } from "./flag.ts";
import { conditionWords, someOf } from "./flag-words.ts";
import { headedLines, plainName, plainText } from "./plain-text.ts";

/** What differs in who belongs to a segment, before → after, in plain lines; empty where nothing does. */
export function diffSegments(before: Segment, after: Segment): string[] {
  return [
    ...(before.isArchived === after.isArchived
      ? []
      : [after.isArchived ? "Archived: no → yes" : "Archived: yes → no"]),
    ...listLines("Included", before.included, after.included),
    ...listLines("Excluded", before.excluded, after.excluded),
    ...ruleLines(before.rules, after.rules),
  ];
}

/** Individually listed users whose membership changed: excluded wins over included, and rules are left aside. */
export function movedMembers(before: Segment, after: Segment): { joined: string[]; gone: string[] } {
  const [old, now] = [membersOf(before), membersOf(after)];
  return {
    joined: [...now].filter((key) => !old.has(key)),
    gone: [...old].filter((key) => !now.has(key)),
  };
}

/** Equal in who belongs to it; the order of lists and rules decides nothing in a segment. */
export function sameMembership(a: Segment, b: Segment): boolean {
  return sameJson(membershipOf(a), membershipOf(b));
}

export function sameRules(a: Segment, b: Segment): boolean {
  return sameJson(membershipOf(a).rules, membershipOf(b).rules);
}

function membershipOf({ included, excluded, rules }: Segment) {
  return {
    included: [...new Set(included)].toSorted(),
    excluded: [...new Set(excluded)].toSorted(),
    rules: rules.map(ruleWords).toSorted(),
  };
}

function membersOf({ included, excluded }: Segment): Set<string> {
  return new Set(included.filter((key) => !excluded.includes(key)));
}

function listLines(title: string, before: readonly string[], after: readonly string[]): string[] {
  const added = [...new Set(after)].filter((key) => !before.includes(key));
  const removed = [...new Set(before)].filter((key) => !after.includes(key));
  const plus = added.length === 0 ? [] : [`+${added.length} (${someOf(added)})`];
  const minus = removed.length === 0 ? [] : [`−${removed.length} (${someOf(removed)})`];
  return headedLines(title, [...plus, ...minus]);
}

function ruleLines(before: readonly SegmentRule[], after: readonly SegmentRule[]): string[] {
  const lines: string[] = [];
  for (const rule of after) {
    const old = before.find(({ id }) => id === rule.id);
    const title = `Rule "${plainName(rule.name)}"`;
    if (old === undefined) lines.push(plainText(`${title} (new): ${whoWords(rule)}`));
    else if (!sameJson(old.conditions, rule.conditions)) {
      const [from, to] = [whoWords(old), whoWords(rule)];
      const words =
        from === to ? "details of a condition changed" : `${plainText(from, 70)} → ${plainText(to, 70)}`;
      lines.push(plainText(`${title}: ${words}`));
    }
  }
  const gone = before.filter((rule) => !after.some(({ id }) => id === rule.id));
  return [
    ...lines,
    ...gone.map((rule) => plainText(`Rule "${plainName(rule.name)}" removed: ${whoWords(rule)}`)),
  ];
}

function whoWords(rule: SegmentRule): string {
  if (rule.conditions.length === 0) return "everyone";
  return rule.conditions.map((condition) => conditionWords(condition, [])).join(" and ");
}

/** Everything of a rule that decides, as text to compare by. */
function ruleWords({ conditions }: SegmentRule): string {
  return JSON.stringify(conditions.map(({ property, op, value }) => [property, op, value]));
}
