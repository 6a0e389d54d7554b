import type { FlagCall } from "./call.ts";
import { type Flag, targetingOf, type TargetUsers } from "./flag.ts";
import type { ToolOperationOf } from "./operation.ts";
import { type Refused, refused, unknownVariation } from "./refused.ts";

/** One variation per user: who is targeted elsewhere is moved. */
export function addTargets(
  { variationId, userKeys }: ToolOperationOf<"flag.add_targets">,
  flag: Flag,
): FlagCall | Refused {
  const unknown = unknownVariation(flag, variationId);
  if (unknown !== null) return unknown;
  const here = flag.targetUsers.find((entry) => entry.variationId === variationId);
  const listed = new Set(
    flag.targetUsers.filter((entry) => entry.variationId === variationId).flatMap((entry) => entry.keyIds),
  );
  const added = [...new Set(userKeys)].filter((key) => !listed.has(key));
  if (added.length === 0)
    return refused("no_effect", "All these users are targeted to this variation already.");
  const others = without(flag.targetUsers, new Set(added), (entry) => entry !== here);
  const targetUsers =
    here === undefined
      ? [...others, { keyIds: added, variationId }]
      : others.map((entry) => (entry === here ? { ...entry, keyIds: [...entry.keyIds, ...added] } : entry));
  return toCall(flag, targetUsers);
}

/** Users who are not targeted to the variation are passed over. */
export function removeTargets(
  { variationId, userKeys }: ToolOperationOf<"flag.remove_targets">,
  flag: Flag,
): FlagCall | Refused {
  const unknown = unknownVariation(flag, variationId);
  if (unknown !== null) return unknown;
  const keys = new Set(userKeys);
  const targetUsers = without(flag.targetUsers, keys, (entry) => entry.variationId === variationId);
  return toCall(flag, targetUsers);
}

/** Takes the keys out of the chosen entries; an entry left without keys goes too. */
function without(
  entries: readonly TargetUsers[],
  keys: ReadonlySet<string>,
  chosen: (entry: TargetUsers) => boolean,
): TargetUsers[] {
  return entries.flatMap((entry) => {
    if (!chosen(entry) || !entry.keyIds.some((key) => keys.has(key))) return [entry];
    const keyIds = entry.keyIds.filter((key) => !keys.has(key));
    return keyIds.length === 0 ? [] : [{ ...entry, keyIds }];
  });
}

function toCall(flag: Flag, targetUsers: TargetUsers[]): FlagCall {
  return { call: "targeting", targeting: { ...targetingOf(flag), targetUsers } };
}
