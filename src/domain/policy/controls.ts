import { z } from "zod";
import { Mode } from "./mode.ts";

/** One FeatBit flag of our own as it was evaluated: what was answered, and why. */
export const EvaluatedControl = z.strictObject({
  key: z.string(),
  value: z.string(),
  /** The SDK's own words, or why the safe default stands. */
  reason: z.string(),
});
export type EvaluatedControl = z.infer<typeof EvaluatedControl>;

/** Less authority than the controls give, by a person's word or because drafts went wrong. */
export const Lowering = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mode"), rule: z.string(), reason: z.string(), mode: Mode }),
  z.strictObject({ kind: z.literal("deny_tool"), rule: z.string(), reason: z.string(), tool: z.string() }),
  z.strictObject({ kind: z.literal("strict"), rule: z.string(), reason: z.string() }),
]);
export type Lowering = z.infer<typeof Lowering>;

/** Signalman's own runtime settings for one context. Every one has a safe default in code. */
export const ControlReading = z.strictObject({
  mode: Mode,
  /** True: standing approvals do not count. It never removes the need for a click. */
  approvalRequired: z.boolean(),
  deniedTools: z.array(z.string()),
  promptProfile: z.string(),
  modelRoute: z.string(),
  /** True: before it concludes, the model may call read tools, within limits. */
  investigation: z.boolean(),
  /** What people, or Signalman's own record, have lowered; `mode`, `deniedTools` and `approvalRequired` say so already. */
  lowered: z.array(Lowering).default([]),
  evaluations: z.array(EvaluatedControl),
});
export type ControlReading = z.infer<typeof ControlReading>;

/** What holds when FeatBit does not answer: look, but draft nothing that could be approved. */
export const safeControls: Omit<ControlReading, "evaluations"> = {
  mode: "search_only",
  approvalRequired: true,
  deniedTools: [],
  promptProfile: "default",
  modelRoute: "default",
  investigation: false,
  lowered: [],
};

/** The context controls are evaluated for. The user key is the incident id, so that percentages spread by incident. */
export interface ControlContext {
  incidentId: string;
  service: string;
  environment: string;
  project: string;
  tool: string;
  riskClass: string;
  severity: string;
  source: string;
  agent: string;
}
