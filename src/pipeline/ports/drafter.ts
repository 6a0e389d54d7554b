import type { Assessment, Candidate } from "../../domain/assessment.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
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

/** A model's answer, unchecked: `check-assessment` drops what the evidence does not carry. */
export interface ModelDraft {
  assessment: Assessment;
  /** The exchange as sent and received, for the record. Never holds a credential. */
  transcript: string;
}

/** Throws `OpsError` when the model is unreachable, late, refuses or answers nonsense; rules then take over. */
export interface ModelDrafter {
  draft(brief: DraftBrief): Promise<ModelDraft>;
}
