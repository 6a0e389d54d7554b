import type { ChangeId, CorrelationId, IncidentId, Instant } from "../ids.ts";
import type { PersonFacts } from "../people.ts";
import type { Decision } from "../policy/decision.ts";
import type { Permission, PersonAction } from "../policy/roles.ts";
import type { Verification } from "../verification.ts";
import type { Resolution, StandingUse, Vote } from "./events.ts";
import type { ApplyOutcome, Reconciliation } from "./outcome.ts";
import type { Proposal } from "./proposal.ts";

/** What may be asked of a change: by a stage, a timer or a person. */
export type ChangeCommand =
  | {
      command: "propose";
      incidentId: IncidentId;
      correlationId: CorrelationId;
      proposal: Proposal;
      decision: Decision;
      /** The live standing approval that policy allowed it by, with one use taken in the same commit. */
      standing?: Omit<StandingUse, "at" | "digest">;
    }
  | {
      command: "revise";
      proposal: Proposal;
      /** Policy's answer for it, without any vote. */
      decision: Decision;
      editor: Pick<PersonFacts, "userId" | "name">;
      /** What is changed, in words. */
      changed: string[];
      rationale: string;
      /** What the editor looked at. */
      version: number;
      digest: string;
    }
  | {
      command: "vote";
      vote: Vote["vote"];
      voter: Pick<PersonFacts, "userId" | "name">;
      permission: Permission;
      rationale: string;
      /** What the clicked button carried. */
      version: number;
      digest: string;
      /** Policy's answer with this vote counted. */
      decision: Decision;
    }
  | {
      command: "break_glass";
      person: Pick<PersonFacts, "userId" | "name">;
      permission: Permission;
      words: string;
      rationale: string;
      /** How long it may be carried out, by the tool's contract. */
      validForMs: number;
      version: number;
      digest: string;
      /** Policy's answer with the glass broken. */
      decision: Decision;
    }
  | {
      command: "attest";
      person: Pick<PersonFacts, "userId" | "name">;
      version: number;
      digest: string;
    }
  /** A chase step has come. */
  | { command: "chase" }
  | { command: "expire" }
  | { command: "supersede"; reason: string; current: string[] }
  | { command: "begin"; operationId: string; epoch: number; digest: string; decision: Decision }
  | { command: "record_outcome"; operationId: string; outcome: ApplyOutcome }
  | { command: "record_reconciliation"; operationId: string; found: Reconciliation }
  | { command: "record_verdict"; verification: Verification }
  | {
      command: "close";
      resolution: Resolution;
      owner: string;
      note: string;
      by: string;
      reviewAt: Instant | null;
      linkedChangeId: ChangeId | null;
    }
  | { command: "review" }
  /** Somebody may not do something; recorded whatever the state. */
  | {
      command: "refuse";
      action: PersonAction;
      person: Pick<PersonFacts, "userId" | "name">;
      reason: string;
    };
