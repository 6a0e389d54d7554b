import { z } from "zod";
import { FlagCall } from "./call.ts";

/** The tools that change a flag. Each has a governance contract; nothing else can be drafted. */
export const Tool = z.enum([
  "flag.turn_on",
  "flag.turn_off",
  "flag.set_rollout",
  "flag.serve_variation",
  "flag.limit_to_segment",
  "flag.add_targets",
  "flag.remove_targets",
  "flag.set_off_variation",
  "flag.disable_tool",
  "flag.archive",
]);
export type Tool = z.infer<typeof Tool>;

const id = z.string().min(1);

/** A rule of the flag by its id, or null for the default rule. */
const ruleId = id.nullable();

/** Percent 0..100 with at most three decimals; what a list does not name gets 0. */
export const Share = z.strictObject({ variationId: id, percent: z.number().min(0).max(100) });
export type Share = z.infer<typeof Share>;

const userKeys = z.array(z.string().min(1).max(512)).min(1).max(1000);

/** What a person or a drafter may ask for. Meaning is checked by `compile`, against the flag. */
export const ToolOperation = z.discriminatedUnion("tool", [
  z.strictObject({ tool: z.literal("flag.turn_on") }),
  z.strictObject({ tool: z.literal("flag.turn_off") }),
  z.strictObject({ tool: z.literal("flag.set_rollout"), rule: ruleId, shares: z.array(Share).min(1) }),
  z.strictObject({ tool: z.literal("flag.serve_variation"), rule: ruleId, variationId: id }),
  z.strictObject({
    tool: z.literal("flag.limit_to_segment"),
    segmentId: id,
    segmentName: z.string(),
    variationId: id,
    otherwiseVariationId: id,
  }),
  z.strictObject({ tool: z.literal("flag.add_targets"), variationId: id, userKeys }),
  z.strictObject({ tool: z.literal("flag.remove_targets"), variationId: id, userKeys }),
  z.strictObject({ tool: z.literal("flag.set_off_variation"), variationId: id }),
  /** Serves the blocking variation to everyone: no individual targets, no rules, one default. */
  z.strictObject({ tool: z.literal("flag.disable_tool"), variationId: id }),
  /** Ends a flag that decides nothing any more. It has no counterpart: a flag is restored only as the reverse of this. */
  z.strictObject({ tool: z.literal("flag.archive") }),
]);
export type ToolOperation = z.infer<typeof ToolOperation>;
export type ToolOperationOf<T extends Tool> = Extract<ToolOperation, { tool: T }>;

/** What a drafter may be offered. Whether code still asks for a flag only a person can say, so archiving is not in it. */
export type DraftedOperation = Exclude<ToolOperation, { tool: "flag.archive" }>;

/**
 * Puts back a recorded state: the reverse of one of our changes, or what our write overwrote. It runs
 * under the governance contract of `tool`: see `reverseTool` and `restoringTool`.
 */
export const RestoreOperation = z.strictObject({
  tool: Tool,
  restores: FlagCall,
  because: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("reverse"), changeId: id }),
    z.strictObject({ kind: z.literal("overwritten"), auditEntryId: id }),
  ]),
});
export type RestoreOperation = z.infer<typeof RestoreOperation>;

export const Operation = z.union([ToolOperation, RestoreOperation]);
export type Operation = z.infer<typeof Operation>;

export function isRestore(operation: Operation): operation is RestoreOperation {
  return "restores" in operation;
}

/** The tool whose governance contract rules the undoing of an operation of `tool`. */
export function reverseTool(tool: Tool): Tool {
  if (tool === "flag.turn_on") return "flag.turn_off";
  if (tool === "flag.turn_off") return "flag.turn_on";
  return tool;
}
