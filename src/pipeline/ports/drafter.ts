import type { CauseClass, Candidate, Confidence } from "../../domain/assessment.ts";
import type { Evidence, EvidenceItem } from "../../domain/evidence/evidence.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { ModelUsage } from "../../domain/model-budget.ts";
import type { ControlReading } from "../../domain/policy/controls.ts";
import type { ReadTool } from "../../domain/policy/tool-name.ts";
import type { Service } from "../../domain/service.ts";
import type { ToolCall } from "../../domain/tool-call.ts";

export interface DraftBrief {
  incident: IncidentState;
  service: Service | null;
  evidence: Evidence;
  /** What the drafter may choose from; nothing else exists. */
  candidates: Candidate[];
  controls: Pick<ControlReading, "promptProfile" | "modelRoute">;
  /** Absent where no model was let look around. */
  investigated?: Investigated;
}

/** What was asked for before the conclusion; what it showed is part of the evidence. */
export interface Investigated {
  calls: Pick<ToolCall, "tool" | "arguments" | "outcome" | "because" | "evidenceIds">[];
  /** Why nothing more may be looked at. */
  ended: string;
}

/** What a model says, unchecked: `check-assessment` drops what the evidence does not carry. */
export interface Opinion {
  cause: CauseClass;
  summary: string;
  suspects: { flagKey: string; confidence: Confidence; why: string; citations: string[] }[];
  candidateId: string | null;
  abstention: string;
  confidence: Confidence;
}

/** One request to a model and what came of it, for the record. Never holds a credential. */
export interface Exchange {
  request: unknown;
  /** What the model wrote; null where nothing usable came. */
  answer: string | null;
  /** The model that the server says has answered. */
  servedModel: string | null;
  /** Null where the server does not say. */
  usage: ModelUsage | null;
}

/** Stands between a drafter and its server: counts what is spent and keeps what is said. */
export interface Meter {
  /** Before every request; throws where the budget does not allow it. */
  ask(promptTokens: number): Promise<void>;
  /** After a request that was refused before anything came of it: it counts for nothing. */
  giveBack(): Promise<void>;
  /** After every request that was answered at all. */
  tell(exchange: Exchange): Promise<void>;
}

export interface DraftRequest {
  brief: DraftBrief;
  /** Trusted: a prompt of ours, filled in. What others wrote is in the brief alone. */
  instructions: string;
  meter: Meter;
  signal: AbortSignal;
}

/** A read tool that a model may call. */
export interface ToolOffer {
  name: ReadTool;
  description: string;
  /** JSON schema of the arguments, of the kind that strict mode takes. */
  parameters: Record<string, unknown>;
}

export type ToolAnswer = { callsLeft: number } & (
  | { kind: "answered"; items: EvidenceItem[] }
  /** Not done: it may not be. */
  | { kind: "refused"; because: string }
  /** Tried, and nothing came of it. */
  | { kind: "failed"; because: string }
);

export interface InvestigateRequest extends DraftRequest {
  tools: readonly ToolOffer[];
  /** Before every request to the model. False: a limit is met, and the model is to conclude. */
  nextRound(): boolean;
  /** `tool` and `argumentsText` as the model wrote them: whoever carries it out checks both. */
  call(tool: string, argumentsText: string): Promise<ToolAnswer>;
}

/** One model at one server. */
export interface ModelDrafter {
  readonly model: string;
  /** Throws `OpsError` when the model is unreachable, late, refuses or answers nonsense. Tries once, repairs once. */
  draft(request: DraftRequest): Promise<Opinion>;
  /**
   * Lets the model call read tools until it wants no more or a limit is met; what they show is left with the caller.
   * Throws like `draft`. Absent: it cannot, and concludes from what was gathered.
   */
  investigate?(request: InvestigateRequest): Promise<void>;
}
