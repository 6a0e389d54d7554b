import { type Instant, later } from "../ids.ts";
import type { MuteEvent } from "./events.ts";
import { mutedUntil, type MuteState } from "./mute.ts";

/** The bounds of one mute: long enough to matter, short enough that nobody forgets a service for good. */
export const shortestMuteMs = 5 * 60_000;
export const longestMuteMs = 24 * 3_600_000;

export type MuteCommand = { userId: string; name: string } & (
  | { command: "mute"; forMs: number; reason: string }
  | { command: "unmute"; reason: string }
  | { command: "refuse"; asked: "mute" | "unmute"; reason: string }
);

/** `events` may be empty: it is so already. */
export type MuteAnswer = { kind: "events"; events: MuteEvent[] } | { kind: "refused"; reason: string };

/** The same wish within this time is the same click, delivered again. */
const repeatMs = 60_000;

/** Pure. */
export function decideMute(command: MuteCommand, state: MuteState | null, now: Instant): MuteAnswer {
  const { userId, name } = command;
  const by = { at: now, userId, name };
  const running = mutedUntil(state, now) === null ? null : (state?.muted ?? null);
  switch (command.command) {
    case "mute": {
      const { forMs, reason } = command;
      if (reason.trim() === "") return { kind: "refused", reason: "A mute needs a reason." };
      if (forMs < shortestMuteMs || forMs > longestMuteMs) {
        return { kind: "refused", reason: "A mute lasts from 5 minutes to 24 hours." };
      }
      const until = later(now, forMs);
      const isRepeat =
        running !== null &&
        running.userId === userId &&
        running.reason === reason &&
        Date.parse(until) - Date.parse(running.until) < repeatMs &&
        running.until <= until;
      if (isRepeat) return { kind: "events", events: [] };
      return { kind: "events", events: [{ type: "service_muted", ...by, until, reason }] };
    }
    case "unmute":
      if (running === null) return { kind: "events", events: [] };
      return { kind: "events", events: [{ type: "service_unmuted", ...by, reason: command.reason }] };
    case "refuse": {
      const { asked, reason } = command;
      return { kind: "events", events: [{ type: "mute_refused", ...by, asked, reason }] };
    }
  }
}
