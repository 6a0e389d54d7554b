import { z } from "zod";
import { Confidence } from "../assessment.ts";
import { IncidentId } from "../ids.ts";
import { Requester } from "../people.ts";
import { Reversibility, RiskClass } from "./governance-contract.ts";
import { Mode } from "./mode.ts";
import { ActingTool } from "./tool-name.ts";

/**
 * The structured description of a requested action that policy evaluates, and the audit attributes of
 * docs/architecture.md: request, user (requester), account (tenant), workflow, agent and session ids.
 * An attribute that does not apply is "".
 */
export const ActionContract = z.strictObject({
  request: z.string(),
  workflow: z.enum(["incident-response", "human-request"]),
  /** The incident; "" for what belongs to none. */
  session: z.union([IncidentId, z.literal("")]),
  account: z.string(),
  actor: z.strictObject({ agent: z.string(), service: z.string(), requester: Requester }),
  intent: z.string(),
  tool: ActingTool,
  target: z.strictObject({
    project: z.string(),
    environment: z.string(),
    environmentId: z.string(),
    /** The flag's; "" where the action concerns none. */
    key: z.string(),
    service: z.string(),
    tags: z.array(z.string()),
  }),
  riskClass: RiskClass,
  reversibility: Reversibility,
  scope: z.strictObject({
    /** Upper bound of the share of users whose variation changes, 0..100. */
    maxMovedPercent: z.number(),
    targetsMoved: z.int().nonnegative(),
    segments: z.array(z.string()),
    /** What it needs of the flag platform, in the platform's words. */
    apiScopes: z.array(z.string()).default([]),
    /** True where afterwards somebody may do more than before. */
    raisesAuthority: z.boolean().default(false),
  }),
  evidence: z.strictObject({
    confidence: Confidence.nullable(),
    citations: z.int().nonnegative(),
    gaps: z.int().nonnegative(),
    /** Share of the sources of evidence that answered, 0..1; null where none were asked. */
    coverage: z.number().min(0).max(1).nullable().default(null),
    /** The change, looked at by people before, that this one undoes, widens or restores; "" where there is none. */
    earlierReview: z.string().default(""),
  }),
  /** What applies instead where the action may not be. */
  fallback: Mode.default("off"),
});
export type ActionContract = z.infer<typeof ActionContract>;
