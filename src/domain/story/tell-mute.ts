import type { MuteEvent } from "../mute/events.ts";
import type { Told } from "./told.ts";

/** One event of a service's mutes for a person who reads the ledger. */
export function tellMuteEvent(event: MuteEvent): Told {
  const who = `${event.name} (${event.userId})`;
  const because = event.reason === "" ? [] : [`because: ${event.reason}`];
  switch (event.type) {
    case "service_muted":
      return { what: "muted", who, lines: [`until ${event.until}`, ...because] };
    case "service_unmuted":
      return { what: "unmuted", who, lines: because };
    case "mute_refused":
      return { what: `${event.asked} refused`, who, lines: [event.reason] };
  }
}
