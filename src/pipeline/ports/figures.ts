import type { Stage } from "../../domain/stage.ts";

/** What the database says about the work, for whoever watches Signalman. Ages are in seconds; 0: there is none. */
export interface Figures {
  work: {
    stage: Stage;
    /** Rows that could be worked on now and are not. */
    due: number;
    /** Timers. */
    later: number;
    held: number;
    parked: number;
    /** Since the oldest unfinished row could have been worked on: due, or held by somebody. */
    oldestS: number;
  }[];
  quarantined: number;
  openIncidents: number;
  /** Changes by the statuses in which they still block their flag. */
  openChanges: { status: string; count: number; oldestS: number }[];
  /** Changes that await a decision longer than their contract expects. */
  pastSla: number;
  /** Events that have no position in the ledger yet. */
  unsequenced: number;
  /** Entries that no checkpoint covers yet. */
  unsigned: number;
  /** Since the last checkpoint, or, before there is one, since the first event. */
  checkpointAgeS: number;
}
