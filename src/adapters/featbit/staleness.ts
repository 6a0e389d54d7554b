import { describeFlag } from "../../domain/flag/describe-flag.ts";
import { diffFlags } from "../../domain/flag/diff-flags.ts";
import { type FlagSnapshot, sameBehaviour, sameJson, type Segment } from "../../domain/flag/flag.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { type Plan, segmentIdsUsed } from "../../domain/flag/plan.ts";

/**
 * What has moved since the plan was made, in plain lines; empty: nothing. Toggles included, for which FeatBit itself
 * does not look. `current` must hold the plan's segments (`segmentIdsUsed`) beside its own.
 */
export function staleness(plan: Plan, current: FlagSnapshot | null): string[] {
  const key = plainName(plan.ref.key);
  if (current === null) return [`Flag ${key} is no longer there.`];
  const { flag, segments } = plan.before;
  const lines = diffFlags(flag, current.flag, [...segments, ...current.segments]);
  if (current.flag.revision !== flag.revision || !sameBehaviour(current.flag, flag)) {
    lines.unshift(`Flag ${key} was changed at ${current.flag.updatedAt}, after this change was drafted:`);
  }
  for (const id of segmentIdsUsed(plan)) {
    const old = segments.find((segment) => segment.id === id);
    const now = current.segments.find((segment) => segment.id === id);
    if (sameJson(stateOf(old), stateOf(now))) continue;
    const name = plainName(now?.name ?? old?.name ?? id);
    lines.push(
      now === undefined
        ? `Segment "${name}" is no longer there.`
        : `Segment "${name}" was changed at ${now.updatedAt}, after this change was drafted.`,
    );
  }
  return lines;
}

/** The fields of a segment that the digest of a plan covers. */
function stateOf(segment: Segment | undefined) {
  if (segment === undefined) return null;
  const { id, included, excluded, rules, updatedAt, isArchived } = segment;
  return { id, included, excluded, rules, updatedAt, isArchived };
}

/** How the flag stands, for a person who has to decide again. */
export function currentWords(plan: Plan, current: FlagSnapshot | null): string[] {
  if (current === null) return [`Flag ${plainName(plan.ref.key)} is no longer there.`];
  return describeFlag(current.flag, current.segments);
}
