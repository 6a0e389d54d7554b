import type { ChangeState } from "../../domain/change/change.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { Plot } from "../../domain/evidence/plot.ts";
import type { Instant } from "../../domain/ids.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { LedgerEntry } from "../../domain/ledger/chain.ts";
import type { Lowering } from "../../domain/policy/controls.ts";
import type { Service } from "../../domain/service.ts";

/** Everything a card or a thread line may be made of, as it stands now. */
export interface IncidentView {
  incident: IncidentState;
  service: Service | null;
  /** Oldest first: the drafted change, then its reverse or expansion … */
  changes: ChangeState[];
  /** Null before it was gathered, or after retention dropped it. */
  evidence: Evidence | null;
  /** When retention dropped it. */
  evidenceRemovedAt: Instant | null;
  /** The metric to draw, with what changed meanwhile; null: none got worse, or none was gathered. */
  plot: Plot | null;
  /** Events of the incident and of its changes that people are told of, by time; the newest, where they are many. */
  timeline: LedgerEntry[];
  /** The open change of another incident that this one links to. */
  linked: ChangeState | null;
  /** What is taken away here and now by people, or by Signalman's own record; what flags say is not in it. */
  lowered: Lowering[];
  now: string;
}

/** Shows an incident where people are. Idempotent: what is already shown like that is not sent again. */
export interface Announcer {
  /**
   * `more`: the card is as it should be, and some of its thread is still to be told. Call again with a fresh view.
   * `newest` reads the view again, for a card that had to wait for its turn; null: the incident is gone.
   */
  show(view: IncidentView, newest: () => Promise<IncidentView | null>): Promise<"shown" | "more">;
}
