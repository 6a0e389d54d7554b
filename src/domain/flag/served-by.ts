import { targetsOf } from "./diff-flags.ts";
import type { Flag } from "./flag.ts";
import { percentsOf } from "./rollout.ts";

/** Ids of the variations that anybody may get. Whether the flag is archived is not asked: server SDKs do not ask either. */
export function servedBy(flag: Flag): Set<string> {
  if (!flag.isEnabled) return new Set([flag.disabledVariationId]);
  const spreads = [flag.fallthrough, ...flag.rules].flatMap(({ variations }) => [
    ...percentsOf(variations).keys(),
  ]);
  return new Set([...spreads, ...targetsOf(flag).values()]);
}
