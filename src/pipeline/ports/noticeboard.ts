import type { Override } from "../../domain/authority/authority.ts";
import type { AuthorityEvent } from "../../domain/authority/events.ts";
import type { ChangeState } from "../../domain/change/change.ts";
import type { BrokenGlass } from "../../domain/change/events.ts";
import type { Instant } from "../../domain/ids.ts";
import type { MuteEvent } from "../../domain/mute/events.ts";
import type { StandingEvent } from "../../domain/standing/events.ts";
import type { StandingState } from "../../domain/standing/standing.ts";
import type { Quarantined } from "./storage.ts";

/** Something that belongs to no incident's thread and that people should see. */
export type Notice =
  | {
      kind: "mute";
      service: string;
      event: Exclude<MuteEvent, { type: "mute_refused" }>;
    }
  /** One person approved a change alone. */
  | { kind: "emergency"; change: ChangeState; glass: BrokenGlass }
  | {
      kind: "quarantine";
      sourceId: string;
      /** All of this source that are in quarantine now. */
      count: number;
      newest: Quarantined;
    }
  /** The newest signed statement about the ledger, so that it is also where no administrator of the database writes. */
  | { kind: "checkpoint"; size: number; note: string; at: Instant }
  | {
      kind: "authority";
      /** A service's name, or `*`. */
      scope: string;
      event: Exclude<AuthorityEvent, { type: "override_refused" }>;
    }
  /** By itself: its time is over. */
  | { kind: "override_ended"; scope: string; override: Pick<Override, "wish" | "name" | "until"> }
  | {
      kind: "standing";
      standing: StandingState;
      event: Exclude<StandingEvent, { type: "standing_refused" }>;
    }
  /** Its time is over. */
  | { kind: "standing_ended"; standing: StandingState };

/** One line in a channel. */
export interface Noticeboard {
  /** `channel`: "" is where operators look. What is posted is recorded as the part of the subject. */
  post(notice: Notice, place: { subject: string; part: string; channel: string }): Promise<void>;
}
