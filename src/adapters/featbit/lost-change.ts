import type { FlagCall } from "../../domain/flag/call.ts";
import { type Flag, sameJson, targetingOf } from "../../domain/flag/flag.ts";

const targetingParts = ["targetUsers", "rules", "fallthrough", "exptIncludeAllTargets"] as const;
const parts = [
  "isEnabled",
  "isArchived",
  "disabledVariationId",
  ...targetingParts,
  "variations",
  "variationType",
  "name",
  "description",
  "tags",
] as const;
type Part = (typeof parts)[number];

/** What the change `before` → `after` set and `current` does not have. Empty: nothing of it was lost. */
export function lostParts(before: Flag, after: Flag, current: Flag): Part[] {
  return parts.filter(
    (part) => !sameJson(before[part], after[part]) && !sameJson(current[part], after[part]),
  );
}

/**
 * The one write that brings a lost change back without undoing what `current` has instead; null where there is no
 * such write: parts of several kinds, parts that Signalman does not write, or parts that the winner changed too.
 */
export function restoringCall(before: Flag, after: Flag, current: Flag): FlagCall | null {
  const lost = lostParts(before, after, current);
  if (lost.length === 0 || lost.some((part) => !sameJson(current[part], before[part]))) return null;
  if (sameJson(lost, ["isEnabled"])) return { call: "toggle", enabled: after.isEnabled };
  if (sameJson(lost, ["disabledVariationId"])) {
    return { call: "off_variation", variationId: after.disabledVariationId };
  }
  if (sameJson(lost, ["isArchived"])) return { call: "archive", archived: after.isArchived };
  const inTargeting = targetingParts.filter((part) => lost.includes(part));
  if (inTargeting.length !== lost.length) return null;
  const kept = Object.fromEntries(inTargeting.map((part) => [part, after[part]]));
  return { call: "targeting", targeting: { ...targetingOf(current), ...kept } };
}
