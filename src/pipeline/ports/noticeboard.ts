import type { MuteEvent } from "../../domain/mute/events.ts";
import type { Quarantined } from "./storage.ts";

/** Something that belongs to no incident's thread and that people should see. */
export type Notice =
  | {
      kind: "mute";
      service: string;
      event: Exclude<MuteEvent, { type: "mute_refused" }>;
    }
  | {
      kind: "quarantine";
      sourceId: string;
      /** All of this source that are in quarantine now. */
      count: number;
      newest: Quarantined;
    };

/** One line in a channel. */
export interface Noticeboard {
  /** `channel`: "" is where operators look. What is posted is recorded as the part of the subject. */
  post(notice: Notice, place: { subject: string; part: string; channel: string }): Promise<void>;
}
