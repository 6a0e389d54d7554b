import { z } from "zod";
import { type Flag, Targeting, targetingOf } from "./flag.ts";

/**
 * Exactly one FeatBit write. `toggle` is `PUT …/toggle/{enabled}`, `archive` is `PUT …/archive` or `…/restore` (no
 * revision check on the server), `targeting` is `PUT …/targeting` and `off_variation` is `PUT …/off-variation` (both
 * revision-checked).
 */
export const FlagCall = z.discriminatedUnion("call", [
  z.strictObject({ call: z.literal("toggle"), enabled: z.boolean() }),
  z.strictObject({ call: z.literal("targeting"), targeting: Targeting }),
  z.strictObject({ call: z.literal("off_variation"), variationId: z.string().min(1) }),
  z.strictObject({ call: z.literal("archive"), archived: z.boolean() }),
]);
export type FlagCall = z.infer<typeof FlagCall>;

/** The flag after the call. Revision and times stay the old ones: only the server knows the new. */
export function applyCall(flag: Flag, call: FlagCall): Flag {
  switch (call.call) {
    case "toggle":
      return { ...flag, isEnabled: call.enabled };
    case "targeting":
      return { ...flag, ...call.targeting };
    case "off_variation":
      return { ...flag, disabledVariationId: call.variationId };
    case "archive":
      return { ...flag, isArchived: call.archived };
  }
}

/** The call that undoes `call` on a flag that was `before`: always of the same kind. */
export function invertCall(call: FlagCall, before: Flag): FlagCall {
  switch (call.call) {
    case "toggle":
      return { call: "toggle", enabled: before.isEnabled };
    case "targeting":
      return { call: "targeting", targeting: targetingOf(before) };
    case "off_variation":
      return { call: "off_variation", variationId: before.disabledVariationId };
    case "archive":
      return { call: "archive", archived: before.isArchived };
  }
}
