import { z } from "zod";
import { Mode } from "./mode.ts";

export const RiskClass = z.enum([
  "search",
  "scoped_read",
  "sensitive_read",
  "reversible_write",
  "external_effect",
  "admin_action",
  "irreversible",
]);
export type RiskClass = z.infer<typeof RiskClass>;

export const Reversibility = z.enum(["automatic", "manual", "expensive", "none"]);
export type Reversibility = z.infer<typeof Reversibility>;

/** `30m`, `24h`, `7d`: a whole number and a unit, at most 366 days. */
export const Duration = z
  .string()
  .regex(/^[1-9][0-9]{0,4}(s|m|h|d)$/, { error: "a duration such as 90s, 30m, 24h or 7d", abort: true })
  .refine((text) => durationMs(text) <= 366 * 86_400_000, "at most 366 days");
export type Duration = z.infer<typeof Duration>;

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a `Duration`. */
export function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] ?? Number.NaN);
}

/** Who must say yes in one environment. `roles` are names of governance/roles.yml; any of them counts. */
export const ReviewRule = z.strictObject({
  roles: z.array(z.string().min(1)).min(1),
  count: z.int().min(1).max(5),
});
export type ReviewRule = z.infer<typeof ReviewRule>;

/** The reviewed YAML file of one tool: `governance/<tool>.yml`. Names and fields in docs/governance.md. */
export const GovernanceContract = z.strictObject({
  tool: z.string().regex(/^[a-z_]+\.[a-z_]+$/, "a tool's name such as flag.turn_off"),
  workflow: z.enum(["incident-response", "human-request", "any"]).default("any"),
  summary: z.string().min(1).max(300),
  owner: z.string().min(1),
  riskClass: RiskClass,
  reversibility: Reversibility,
  defaultMode: Mode,
  allowedModes: z.array(Mode).min(1),
  hardBoundary: z.strictObject({
    serviceIdentity: z.string().min(1),
    apiScopes: z.array(z.string().min(1)),
    blockedEnvironments: z.array(z.string().min(1)).default([]),
    blockedTags: z.array(z.string().min(1)).default([]),
  }),
  runtimeControls: z.array(z.string().min(1)),
  approval: z
    .strictObject({
      /** Environment key → rule; `default` stands for every other one. */
      reviewers: z.record(z.string().min(1), ReviewRule).refine((rules) => "default" in rules, {
        message: "a `default` entry is needed for environments not named",
      }),
      /** The requester of a change may not approve it. */
      separationOfDuties: z.boolean(),
      expiresAfter: Duration,
    })
    .optional(),
  evidenceRule: z.strictObject({ minimumCitations: z.int().min(0).max(10) }),
  rollback: z.strictObject({ safestMode: Mode, owner: z.string().min(1) }),
  lifecycle: z.strictObject({
    kind: z.enum(["temporary", "permanent"]),
    /** How long a temporary change may stand before its card reopens. */
    reviewAfter: Duration.optional(),
    cleanupCondition: z.string().max(300).default(""),
  }),
});
export type GovernanceContract = z.infer<typeof GovernanceContract>;

export function reviewRuleFor(contract: GovernanceContract, environment: string): ReviewRule | null {
  const reviewers = contract.approval?.reviewers ?? {};
  // An environment may be called like a property that every object has.
  const own = Object.hasOwn(reviewers, environment) ? reviewers[environment] : undefined;
  return own ?? reviewers["default"] ?? null;
}
