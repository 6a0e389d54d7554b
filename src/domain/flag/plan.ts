import { z } from "zod";
import { FlagCall } from "./call.ts";
import { Exposure } from "./exposure.ts";
import { Flag, FlagRef, FlagSnapshot } from "./flag.ts";
import { Operation } from "./operation.ts";

/**
 * The exact form of a change. `before.segments` holds every segment that the flag names before **or**
 * after, so that a segment the change starts to use is watched for staleness too. `diff` and
 * `reverseDiff` are plain text, one fact a line, at most 200 characters each.
 */
export const Plan = z.strictObject({
  ref: FlagRef,
  operation: Operation,
  before: FlagSnapshot,
  forward: FlagCall,
  after: Flag,
  reverse: FlagCall,
  diff: z.array(z.string()),
  reverseDiff: z.array(z.string()),
  exposure: Exposure,
});
export type Plan = z.infer<typeof Plan>;

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
]);
export type RefusalCode = z.infer<typeof RefusalCode>;

/** `reason` is one plain sentence or two: what stands in the way and what to do instead. */
export type Refused = { kind: "refused"; code: RefusalCode; reason: string };
export type Compiled = { kind: "plan"; plan: Plan } | Refused;
