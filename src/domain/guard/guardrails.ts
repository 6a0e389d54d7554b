import { z } from "zod";
import { ToolName } from "../policy/tool-name.ts";
import { BlastRadiusRules } from "./blast-radius.ts";
import { FrozenWindow } from "./frozen-windows.ts";
import { PendingChangeRules } from "./pending-change.ts";
import { QualityRules } from "./quality.ts";
import { ReviewQueueRules } from "./review-queue.ts";
import { HighestRisk } from "./risk-threshold.ts";
import { RunbookRules } from "./runbook-limits.ts";
import { ExperimentRules } from "./running-experiment.ts";
import { ScopeRules } from "./scope-limits.ts";
import { SourceRules } from "./source-allowlist.ts";

/** `governance/guardrails.yml`: what stands in the way of an action whatever a tool's contract says of it. */
export const Guardrails = z.strictObject({
  sources: SourceRules.prefault({}),
  /** Not the one by which authority is given back: nobody could do anything any more. */
  deniedTools: z.array(ToolName.exclude(["mode.override"])).default([]),
  highestRisk: HighestRisk.default({}),
  scopes: ScopeRules.prefault({}),
  runbooks: RunbookRules.prefault({}),
  blastRadius: BlastRadiusRules.prefault({}),
  frozenWindows: z.array(FrozenWindow).max(100).default([]),
  experiments: ExperimentRules.prefault({}),
  pendingChanges: PendingChangeRules.prefault({}),
  reviewQueue: ReviewQueueRules.prefault({}),
  quality: QualityRules.prefault({}),
});
export type Guardrails = z.infer<typeof Guardrails>;
