import { z } from "zod";
import { Instant } from "../ids.ts";
import { ActionContract } from "../policy/action-contract.ts";
import { Decision } from "../policy/decision.ts";
import { Mode } from "../policy/mode.ts";

const by = { at: Instant, userId: z.string(), name: z.string() };

/** What a person may take away. */
export const OverrideWish = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mode"), mode: Mode.exclude(["approval_required"]) }),
  /** The name of any tool that has a governance contract. */
  z.strictObject({ kind: z.literal("deny_tool"), tool: z.string().min(1) }),
  /** Standing approvals do not count: every change takes a click of its own. */
  z.strictObject({ kind: z.literal("strict") }),
]);
export type OverrideWish = z.infer<typeof OverrideWish>;

/** What happened to Signalman's authority over one service, or (`*`) over all. */
export const AuthorityEvent = z.discriminatedUnion("type", [
  /** It can only lower, and ends by itself. */
  z.strictObject({
    type: z.literal("override_set"),
    ...by,
    wish: OverrideWish,
    until: Instant,
    reason: z.string(),
    action: ActionContract,
    decision: Decision,
  }),
  /** Somebody wants back what was taken away, and the contract asks for one more person. */
  z.strictObject({
    type: z.literal("resume_requested"),
    ...by,
    roles: z.array(z.string()),
    reason: z.string(),
    until: Instant,
    action: ActionContract,
    decision: Decision,
  }),
  /** Everything that was taken away is given back before its time, by people. */
  z.strictObject({
    type: z.literal("authority_resumed"),
    ...by,
    reason: z.string(),
    action: ActionContract,
    decision: Decision,
  }),
  /** Somebody asked for it and may not, or policy does not let them. */
  z.strictObject({
    type: z.literal("override_refused"),
    ...by,
    asked: z.enum(["override", "resume"]),
    reason: z.string(),
  }),
  /** Drafts went wrong too often: authority goes down a step, until a person gives it back. */
  z.strictObject({
    type: z.literal("authority_lowered"),
    at: Instant,
    mode: Mode,
    reason: z.string(),
    evidence: z.array(z.string()),
  }),
]);
export type AuthorityEvent = z.infer<typeof AuthorityEvent>;
