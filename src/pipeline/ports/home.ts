import type { AuthorityState } from "../../domain/authority/authority.ts";
import type { ChangeState } from "../../domain/change/change.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { EvaluatedControl, Lowering } from "../../domain/policy/controls.ts";
import type { Mode } from "../../domain/policy/mode.ts";

/** What one person sees of Signalman when they look at it and not at a card. Looking records nothing. */
export type Home =
  | {
      kind: "shown";
      /** Changes that this person could decide on now, by when they expire. */
      waiting: ChangeState[];
      /** Open and not held back by a mute, newest first. */
      incidents: IncidentState[];
      /** Of every environment of every service, as an incident there would find it. */
      modes: PlaceMode[];
      /** What people or Signalman's own record took away, and whether this person may give it back. */
      lowered: { state: AuthorityState; mayResume: boolean }[];
      /** Whether this person may take something away, from one service at least. */
      mayLower: boolean;
    }
  /** Who decides nothing here (guests, other workspaces) is shown nothing either. */
  | { kind: "barred"; reason: string }
  /** Slack could not be asked who this is: nothing is shown, for now. */
  | { kind: "unavailable"; reason: string };

export interface PlaceMode {
  service: string;
  environmentName: string;
  mode: Mode;
  /** What people or Signalman's own record took away; part of the mode. */
  lowered: Lowering[];
  evaluations: EvaluatedControl[];
}
