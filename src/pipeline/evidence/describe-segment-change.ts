import { outsideText } from "../../domain/evidence/outside-text.ts";
import { diffSegments, movedMembers, sameMembership, sameRules } from "../../domain/flag/diff-segments.ts";
import {
  type Flag,
  IN_SEGMENT,
  isSegmentCondition,
  listOf,
  type Rule,
  type Segment,
  segmentIdsOf,
} from "../../domain/flag/flag.ts";
import { ruleTitle, shareWords } from "../../domain/flag/flag-words.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { percentsOf } from "../../domain/flag/rollout.ts";
import type { FlagHistoryEntry, SegmentHistoryEntry } from "../ports/flag-platform.ts";
import { type Reach, withNames } from "./reach-of-change.ts";

/** FeatBit's entry on the flag comes with the segment's own within one request; clocks of a cluster may differ. */
const sameChangeMs = 10_000;

/** The change of a segment that an entry of the audit log about a flag stands for; null where it is not told. */
export function segmentEntryOf(
  entry: FlagHistoryEntry,
  segmentEntries: readonly SegmentHistoryEntry[],
): SegmentHistoryEntry | null {
  if (entry.after === null) return null;
  const used = segmentIdsOf(entry.after);
  const distance = ({ at }: SegmentHistoryEntry) => Math.abs(Date.parse(at) - Date.parse(entry.at));
  const near = segmentEntries.filter(({ before, after, ...rest }) => {
    const segment = after ?? before;
    return (
      segment !== null &&
      used.includes(segment.id) &&
      entry.comment.includes(`'${segment.name}'`) &&
      distance({ before, after, ...rest }) <= sameChangeMs
    );
  });
  return near.toSorted((a, b) => distance(a) - distance(b))[0] ?? null;
}

/** Who joined or left, and what the flag gives to members. */
export function segmentLines(flag: Flag, { before, after }: SegmentHistoryEntry): string[] {
  const segment = after ?? before;
  if (segment === null) return [];
  const name = plainName(segment.name);
  const lines = before === null || after === null ? [] : diffSegments(before, after);
  const rules = rulesWith(flag, segment.id).map(
    ({ rule, members }) =>
      `${members ? "Members" : "Everyone else"} by ${ruleTitle(rule)}: ${shareWords(flag, rule).join(", ")}`,
  );
  return [
    `Segment "${name}", which the flag uses, was changed; the flag itself was not.`,
    ...(lines.length > 0 ? lines : ["Nothing that decides who belongs to it was changed."]),
    ...rules,
  ].map((line) => outsideText(line));
}

/**
 * Who got something else because a segment changed. Users listed by key are counted; how many users a rule of the
 * segment catches cannot be known.
 */
export function reachOfSegment(flag: Flag, { before, after }: SegmentHistoryEntry): Reach {
  const unmoved: Reach = { gained: [], gainedNames: [], goneNames: [], movedPercent: 0, targetsMoved: 0 };
  if (before === null || after === null) return { ...unmoved, movedPercent: null };
  if (!flag.isEnabled || flag.isArchived || sameMembership(before, after)) return unmoved;
  const byRules = !sameRules(before, after);
  const { joined, gone } = movedMembers(before, after);
  const rules = rulesWith(flag, after.id);
  const gained = new Set<string>();
  const serve = (spread: Pick<Rule, "variations">) => {
    for (const id of percentsOf(spread.variations).keys()) gained.add(id);
  };
  if (joined.length > 0 || byRules) {
    for (const { rule, members } of rules) if (members) serve(rule);
  }
  if (gone.length > 0 || byRules) {
    for (const { rule, members } of rules) if (!members) serve(rule);
    serve(flag.fallthrough);
  }
  return withNames(flag, {
    gained: [...gained],
    movedPercent: byRules ? null : 0,
    targetsMoved: joined.length + gone.length,
  });
}

/** False once the segment is again as it was, or the flag uses it no more. */
export function segmentStillInEffect(
  { before, after }: SegmentHistoryEntry,
  current: Flag | null,
  segments: readonly Segment[],
): boolean {
  if (current === null || current.isArchived || !current.isEnabled) return false;
  const id = (after ?? before)?.id;
  if (id === undefined || !segmentIdsOf(current).includes(id)) return false;
  const now = segments.find((segment) => segment.id === id);
  return now === undefined || before === null || !sameMembership(now, before);
}

function rulesWith(flag: Flag, segmentId: string): { rule: Rule; members: boolean }[] {
  return flag.rules.flatMap((rule) => {
    const condition = rule.conditions
      .filter(isSegmentCondition)
      .find(({ value }) => (listOf(value) ?? []).includes(segmentId));
    return condition === undefined ? [] : [{ rule, members: condition.property === IN_SEGMENT }];
  });
}
