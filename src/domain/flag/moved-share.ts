import canonicalize from "canonicalize";
import type { Flag } from "./flag.ts";
import { movedShare, type Spread, wholeSlice } from "./rollout.ts";

/** What catches a user before and after: rules in order, the default rule last. */
type Path = Spread & { catches: string | null };

/**
 * Upper bound, 0..1, of the share of users whose variation changes, individual targets left out (they
 * are a number of people, not a share). How many users a rule catches is unknown, so the bound is the
 * worst path that some user can take: caught by one rule before and by another, or the same, after.
 */
export function maxMovedShare(before: Flag, after: Flag): number {
  const [from, to] = [pathsOf(before), pathsOf(after)];
  const moved = from.flatMap((p) => to.filter((q) => possible(p, q, from, to)).map((q) => movedShare(p, q)));
  return Math.max(0, ...moved);
}

/** An off flag has one path that catches everyone, an archived one serves nothing. */
function pathsOf(flag: Flag): Path[] {
  const nobody = { catches: null, dispatchKey: null };
  if (flag.isArchived) return [{ ...nobody, variations: [wholeSlice("")] }];
  if (!flag.isEnabled) return [{ ...nobody, variations: [wholeSlice(flag.disabledVariationId)] }];
  const rules = flag.rules.map((rule) => ({
    catches: conditionsOf(rule.conditions),
    dispatchKey: rule.dispatchKey,
    variations: rule.variations,
  }));
  return [...rules, { ...flag.fallthrough, catches: null }];
}

/** What a user caught by `p` matches stays true after: no later rule catches them while that one is there. */
function possible(p: Path, q: Path, from: readonly Path[], to: readonly Path[]): boolean {
  return place(p, from) <= place(q, from) && place(q, to) <= place(p, to);
}

/** A rule that is not in the list stops nobody there: as good as behind all others. */
function place(path: Path, paths: readonly Path[]): number {
  const at = paths.findIndex((other) => other.catches === path.catches);
  return at === -1 || path.catches === null ? Number.POSITIVE_INFINITY : at;
}

function conditionsOf(conditions: Flag["rules"][number]["conditions"]): string {
  return canonicalize(conditions.map(({ property, op, value }) => [property, op, value])) ?? "";
}
