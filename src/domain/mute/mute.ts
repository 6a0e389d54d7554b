import { z } from "zod";
import { Instant } from "../ids.ts";
import type { MuteEvent } from "./events.ts";

/** A maintenance window of one service, folded from its stream `mute/<service>` and from nothing else. */
export const MuteState = z.strictObject({
  /** The service's name in the catalogue. */
  service: z.string().min(1),
  /** The last mute that was set; null before there was one, and once somebody has ended it. */
  muted: z
    .strictObject({ at: Instant, until: Instant, userId: z.string(), name: z.string(), reason: z.string() })
    .nullable(),
});
export type MuteState = z.infer<typeof MuteState>;

/** Until when the service is muted, or null where it is not (any more). */
export function mutedUntil(mute: MuteState | null, now: Instant): Instant | null {
  const until = mute?.muted?.until ?? null;
  return until !== null && until > now ? until : null;
}

export function evolveMute(service: string, state: MuteState | null, event: MuteEvent): MuteState {
  switch (event.type) {
    case "service_muted": {
      const { at, until, userId, name, reason } = event;
      return { service, muted: { at, until, userId, name, reason } };
    }
    case "service_unmuted":
      return { service, muted: null };
    case "mute_refused":
      return state ?? { service, muted: null };
  }
}
