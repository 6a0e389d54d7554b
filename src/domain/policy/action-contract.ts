import { z } from "zod";
import { Confidence } from "../assessment.ts";
import { FlagRef } from "../flag/flag.ts";
import { Tool } from "../flag/operation.ts";
import { IncidentId } from "../ids.ts";
import { Requester } from "../people.ts";
import { Reversibility, RiskClass } from "./governance-contract.ts";

/**
 * The structured description of a requested action that policy evaluates, and the audit attributes of
 * docs/architecture.md: request, user (requester), account (tenant), workflow, agent and session ids.
 * An attribute that does not apply is "".
 */
export const ActionContract = z.strictObject({
  request: z.string(),
  workflow: z.enum(["incident-response", "human-request"]),
  session: IncidentId,
  account: z.string(),
  actor: z.strictObject({ agent: z.string(), service: z.string(), requester: Requester }),
  intent: z.string(),
  tool: Tool,
  target: FlagRef.extend({ service: z.string(), tags: z.array(z.string()) }),
  riskClass: RiskClass,
  reversibility: Reversibility,
  scope: z.strictObject({
    /** Upper bound of the share of users whose variation changes, 0..100. */
    maxMovedPercent: z.number(),
    targetsMoved: z.int().nonnegative(),
    segments: z.array(z.string()),
  }),
  evidence: z.strictObject({
    confidence: Confidence.nullable(),
    citations: z.int().nonnegative(),
    gaps: z.int().nonnegative(),
  }),
});
export type ActionContract = z.infer<typeof ActionContract>;
