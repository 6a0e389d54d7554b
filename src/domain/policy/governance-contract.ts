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
  /** Each of these roles must be among the approvers, whatever the count. */
  requiredRoles: z.array(z.string().min(1)).default([]),
});
export type ReviewRule = z.infer<typeof ReviewRule>;

/** Authority that a person may lend ahead of its use, at the most. */
export const longestStanding = "24h";

export const ApprovalRule = z.strictObject({
  /** Which uses need it. Whatever stands here: every use of what changes a flag, and each that raises authority. */
  requiredFor: z.enum(["every_use", "raising_authority", "no_use"]).default("every_use"),
  /** Environment key → rule; `default` stands for every other one. */
  reviewers: z.record(z.string().min(1), ReviewRule).refine((rules) => "default" in rules, {
    message: "a `default` entry is needed for environments not named",
  }),
  /** The requester of a change may not approve it. */
  separationOfDuties: z.boolean(),
  /** Who changed the flag in this time before cannot be its only approver. */
  recentEditorWithin: Duration.default("24h"),
  expiresAfter: Duration,
  /** Within which a decision is expected. It is measured, and told where it is missed. */
  sla: Duration.optional(),
  /** When people are reminded, counted from when votes were asked for. */
  reminders: z.array(Duration).max(5).default([]),
  /** Whose approval counts as well from then on, one group after the other. */
  escalation: z
    .array(z.strictObject({ after: Duration, roles: z.array(z.string().min(1)).min(1) }))
    .max(3)
    .default([]),
  /** What stays when nobody decides in time: nothing, or (`draft_write`) the draft, to be done by hand. */
  timeoutFallback: z.enum(["off", "search_only", "draft_write"]).default("off"),
  /** One person of these roles may approve alone, in an emergency: confirmed in words, announced, and for this long. */
  breakGlass: z.strictObject({ roles: z.array(z.string().min(1)).min(1), validFor: Duration }).optional(),
  /** The most that a standing approval of this tool may cover; absent: there is none. */
  standing: z
    .strictObject({
      longest: Duration.refine((text) => durationMs(text) <= durationMs(longestStanding), "at most 24h"),
      mostUses: z.int().min(1).max(20),
    })
    .optional(),
});
export type ApprovalRule = z.infer<typeof ApprovalRule>;

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
    /** API scopes that the tool may never need, whatever `apiScopes` says. */
    blockedScopes: z.array(z.string().min(1)).default([]),
    blockedEnvironments: z.array(z.string().min(1)).default([]),
    blockedTags: z.array(z.string().min(1)).default([]),
  }),
  runtimeControls: z.array(z.string().min(1)),
  approval: ApprovalRule.optional(),
  /** What a person must state before it may be approved; recorded with their name. */
  attestation: z
    .strictObject({
      statement: z.string().min(10).max(300),
      /** Only of actions that need one of these API scopes: undoing needs others. */
      whenNeeding: z.array(z.string().min(1)).min(1),
    })
    .optional(),
  evidenceRule: z.strictObject({ minimumCitations: z.int().min(0).max(10) }),
  rollback: z.strictObject({ safestMode: Mode, owner: z.string().min(1) }),
  lifecycle: z.strictObject({
    kind: z.enum(["temporary", "permanent"]),
    /** How long a temporary change may stand before its card reopens. */
    reviewAfter: Duration.optional(),
    cleanupCondition: z.string().max(300).default(""),
    /** When people look at this contract again: `policy check` says when the day has passed. */
    reviewDate: z.iso.date().optional(),
  }),
});
export type GovernanceContract = z.infer<typeof GovernanceContract>;

export function reviewRuleFor(contract: GovernanceContract, environment: string): ReviewRule | null {
  const reviewers = contract.approval?.reviewers ?? {};
  // An environment may be called like a property that every object has.
  const own = Object.hasOwn(reviewers, environment) ? reviewers[environment] : undefined;
  return own ?? reviewers["default"] ?? null;
}
