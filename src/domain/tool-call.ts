import { z } from "zod";
import { EvidenceId } from "./evidence/evidence-id.ts";
import { ReadDecision } from "./policy/decide-read.ts";

/** One call of a read tool that a model asked for, and what came of it: the facts of a `tool_called` event. */
export const ToolCall = z.strictObject({
  /** The tool's name where there is such a tool; else what the model called it, cleaned and cut. */
  tool: z.string().max(64),
  /** The arguments as they were understood, as canonical JSON; "" where they were not. */
  arguments: z.string().max(1000),
  /** Hash of the arguments exactly as the model wrote them. */
  argumentsHash: z.string(),
  /** Null where policy was not asked: there is no such tool, the arguments are wrong, or a limit is met. */
  decision: ReadDecision.nullable(),
  outcome: z.enum(["answered", "refused", "failed"]),
  /** Why it was refused or failed; "" where it was answered. */
  because: z.string().max(300),
  /** What it showed; those already in the evidence are not numbered anew. */
  evidenceIds: z.array(EvidenceId),
  /** How long it took, milliseconds. */
  ms: z.int().nonnegative(),
});
export type ToolCall = z.infer<typeof ToolCall>;
