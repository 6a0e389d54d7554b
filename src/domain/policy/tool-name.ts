import { z } from "zod";
import { Tool } from "../flag/operation.ts";

/** Tools that only look. */
export const ReadTool = z.enum([
  "flag.read",
  "audit.read",
  "metric.query",
  "deploy.read",
  "runbook.read",
  "incident.read",
]);
export type ReadTool = z.infer<typeof ReadTool>;

/** Tools that act, but on no flag: a message elsewhere, and authority itself. */
export const OfficeTool = z.enum([
  "slack.post_outside_incident_channel",
  "approval.grant_standing",
  "mode.override",
]);
export type OfficeTool = z.infer<typeof OfficeTool>;

/** Everything that has an effect outside, and is therefore asked of policy as an action. */
export const ActingTool = z.enum([...Tool.options, ...OfficeTool.options]);
export type ActingTool = z.infer<typeof ActingTool>;

/** Everything that has a governance contract. */
export const ToolName = z.enum([...Tool.options, ...ReadTool.options, ...OfficeTool.options]);
export type ToolName = z.infer<typeof ToolName>;
