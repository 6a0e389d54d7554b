import { z } from "zod";
import { type Flag, variationNamed } from "./flag.ts";
import { plainName } from "./plain-text.ts";

export const RefusalCode = z.enum([
  "archived_flag",
  "malformed_flag",
  "unknown_variation",
  "unknown_rule",
  "unknown_segment",
  "archived_segment",
  "invalid_rollout",
  "invalid_arguments",
  "no_effect",
  "hidden_while_off",
  "would_reshuffle",
  "needs_two_calls",
  "holds_credential",
  "still_decides",
]);
export type RefusalCode = z.infer<typeof RefusalCode>;

/** Why no plan can be made: plain sentences that say what stands in the way and what to do instead. */
export type Refused = { kind: "refused"; code: RefusalCode; reason: string };

export function refused(code: RefusalCode, reason: string): Refused {
  return { kind: "refused", code, reason };
}

export function unknownVariation(flag: Flag, variationId: string): Refused | null {
  if (variationNamed(flag, variationId) !== undefined) return null;
  return refused(
    "unknown_variation",
    `The flag has no variation with the id ${plainName(variationId)}; read it again.`,
  );
}
