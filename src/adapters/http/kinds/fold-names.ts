import { isPlaceholder } from "./normalise.ts";
import { membersOf } from "./peek.ts";

const most = 2000;

/** What templates put around what they have to say, and what says nothing itself. */
const wrappers: ReadonlySet<string> = new Set([
  "attributes",
  "data",
  "event",
  "fields",
  "metadata",
  "payload",
]);

/**
 * The members of a body whose names its user chose, under names without capitals and separators: `alertId`, `alert_id`
 * and `alert: { id }` are all `alertid`. Within a member
 * that is only a wrapper (`data`, `metadata`) the names count without it too. What the template left unfilled (`$HOSTNAME`, `{{ host }}`, `null`) is not there.
 */
export function foldNames(value: unknown): ReadonlyMap<string, unknown> {
  const folded = new Map<string, unknown>();
  const add = (members: unknown, before: string, depth: number): void => {
    const entries = Object.entries(membersOf(members)).map(
      ([name, one]) => [before + name.toLowerCase().replaceAll(/[^a-z0-9]/g, ""), one] as const,
    );
    for (const [name, one] of entries) {
      if (folded.size < most && !folded.has(name) && isFilled(one)) folded.set(name, one);
    }
    // What stands higher wins.
    if (depth > 0) for (const [name, one] of entries) add(one, name, depth - 1);
  };
  add(value, "", 2);
  for (const [name, one] of Object.entries(membersOf(value))) {
    if (wrappers.has(name.toLowerCase())) add(one, "", 1);
  }
  return folded;
}

const unfilled: ReadonlySet<string> = new Set(["", "null", "undefined"]);

function isFilled(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  // Trimmed, not matched between two runs of spaces: that would cost the square of their length.
  return typeof value !== "string" || !(unfilled.has(value.trim()) || isPlaceholder(value));
}
