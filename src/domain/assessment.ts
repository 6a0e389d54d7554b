import { z } from "zod";
import { EvidenceId } from "./evidence/evidence-id.ts";
import { Operation } from "./flag/operation.ts";

/** What kind of thing broke the service, as far as the evidence goes. */
export const CauseClass = z.enum(["flag", "deploy", "other", "recovered", "unknown"]);
export type CauseClass = z.infer<typeof CauseClass>;

export const Confidence = z.enum(["low", "medium", "high"]);
export type Confidence = z.infer<typeof Confidence>;

const order: readonly Confidence[] = ["low", "medium", "high"];

export function lowerConfidence(a: Confidence, b: Confidence): Confidence {
  return order.indexOf(a) <= order.indexOf(b) ? a : b;
}

export const CandidateId = z.string().regex(/^C[1-9][0-9]{0,2}$/);
export type CandidateId = z.infer<typeof CandidateId>;

/** One compiled operation that code offers to the drafter by id. Words and effect are code's, not the model's. */
export const Candidate = z.strictObject({
  id: CandidateId,
  flagKey: z.string(),
  flagName: z.string(),
  operation: Operation,
  /** One line: what it does. */
  summary: z.string(),
  diff: z.array(z.string()),
  /** Upper bound of the share of users whose variation it changes, 0..100. */
  maxMovedPercent: z.number(),
});
export type Candidate = z.infer<typeof Candidate>;

export const Suspect = z.strictObject({
  flagKey: z.string(),
  confidence: Confidence,
  why: z.string(),
  citations: z.array(EvidenceId),
});
export type Suspect = z.infer<typeof Suspect>;

/** Which metric the change should move, and by when. */
export const ExpectedEffect = z.strictObject({
  queryId: z.string(),
  direction: z.enum(["up", "down"]),
  withinMs: z.int().positive(),
});
export type ExpectedEffect = z.infer<typeof ExpectedEffect>;

/** One rung of the ladder that was stepped down from. */
export const RouteStep = z.strictObject({ route: z.string(), because: z.string() });
export type RouteStep = z.infer<typeof RouteStep>;

const PromptUsed = z.strictObject({ id: z.string(), version: z.string(), hash: z.string() });

/** Who concluded it, and how it came to be them. */
export const DrafterRoute = z.strictObject({
  drafter: z.enum(["rules", "model"]),
  model: z.string().nullable(),
  prompt: PromptUsed.nullable(),
  /** Why rules took the model's place; null where they did not, or no model is configured. */
  fellBack: z.string().nullable(),
  /** The route that `signalman-model-route` named; "" where no model was to be asked. */
  assigned: z.string().default(""),
  /** The route that answered; `rules` where none did. "" in events from before there were routes. */
  actual: z.string().default(""),
  /** Every rung above the one that answered, in order, with the reason for leaving it. */
  steps: z.array(RouteStep).default([]),
  /** Where a model was let look around before it concluded: by which prompt, how many calls, and why it ended. */
  investigation: z
    .strictObject({ prompt: PromptUsed, calls: z.int().nonnegative(), ended: z.string() })
    .optional(),
});
export type DrafterRoute = z.infer<typeof DrafterRoute>;

/** The bottom of the ladder, where nothing above it was to be asked. */
export const rulesRoute: DrafterRoute = {
  drafter: "rules",
  model: null,
  prompt: null,
  fellBack: null,
  assigned: "",
  actual: "rules",
  steps: [],
};

/** What a drafter concluded from the evidence, after code has checked it. */
export const Assessment = z.strictObject({
  route: DrafterRoute,
  cause: CauseClass,
  summary: z.string(),
  suspects: z.array(Suspect),
  /** The chosen candidate, or null: no flag change recommended. */
  candidateId: CandidateId.nullable(),
  /** Why nothing is recommended; empty when something is. */
  abstention: z.string(),
  expected: ExpectedEffect.nullable(),
  confidence: Confidence,
  /** Why the confidence is no higher: the rules that cap it, in words. */
  cappedBecause: z.array(z.string()).default([]),
  /** What could not be looked at, and is therefore not known; one line each. */
  gaps: z.array(z.string()).default([]),
  /** What code dropped from the drafter's answer, for the record. */
  dropped: z.array(z.string()),
});
export type Assessment = z.infer<typeof Assessment>;

/** Who drafted, as the ledger's audit attribute `agent` names them. */
export function agentName(route: DrafterRoute): string {
  if (route.drafter === "rules") return "rules";
  return `${route.model ?? "model"} with ${route.prompt?.id ?? "prompt"}@${route.prompt?.version ?? "0"}`;
}
