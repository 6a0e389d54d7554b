import type { Flag, FlagSnapshot } from "./flag.ts";
import { variationName } from "./flag-words.ts";
import { compile } from "./plan.ts";

const dayMs = 86_400_000;
/** After that long with one answer for everybody, code need not ask any more. */
const settledDays = 30;
const untouchedDays = 90;

/** Tags by which people say that a flag is meant to stay. */
const kept: ReadonlySet<string> = new Set(["permanent", "signalman-controls", "kill-switch"]);

/** Why a flag looks like one that could go, in words; null: it does not. `now` is epoch ms. */
export function staleBecause(snapshot: FlagSnapshot, now: number): string | null {
  const { flag } = snapshot;
  if (flag.isArchived || flag.tags.some((tag) => kept.has(tag))) return null;
  const days = Math.floor((now - Date.parse(flag.updatedAt)) / dayMs);
  if (days >= settledDays && compile({ tool: "flag.archive" }, snapshot).kind === "plan") {
    return `everyone gets ${servedName(flag)}, and has for ${days} days`;
  }
  return days >= untouchedDays ? `unchanged for ${days} days` : null;
}

function servedName(flag: Flag): string {
  const [first] = flag.fallthrough.variations;
  return variationName(flag, flag.isEnabled && first !== undefined ? first.id : flag.disabledVariationId);
}
