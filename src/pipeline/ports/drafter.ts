import type { CauseClass, Candidate, Confidence } from "../../domain/assessment.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { ModelUsage } from "../../domain/model-budget.ts";
import type { ControlReading } from "../../domain/policy/controls.ts";
import type { Service } from "../../domain/service.ts";

export interface DraftBrief {
  incident: IncidentState;
  service: Service | null;
  evidence: Evidence;
  /** What the drafter may choose from; nothing else exists. */
  candidates: Candidate[];
  controls: Pick<ControlReading, "promptProfile" | "modelRoute">;
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

/** One model at one server. */
export interface ModelDrafter {
  readonly model: string;
  /** Throws `OpsError` when the model is unreachable, late, refuses or answers nonsense. Tries once, repairs once. */
  draft(request: DraftRequest): Promise<Opinion>;
}
