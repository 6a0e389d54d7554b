import { randomBytes } from "node:crypto";

/** Who is signed in, in this process's memory alone: a restart signs everybody out. */
export interface Sessions {
  /** A new session's id: random, and nothing else. */
  open(): string;
  holds(id: string | null): boolean;
  close(id: string | null): void;
}

/** A working day: whoever still looks after it signs in again. */
export const sessionMs = 8 * 3_600_000;
/** More at once than people look; the oldest then goes. */
const mostSessions = 200;

/** `now` in milliseconds. */
export function createSessions(now: () => number): Sessions {
  const endsAt = new Map<string, number>();
  return {
    open() {
      for (const [id, at] of endsAt) if (at <= now()) endsAt.delete(id);
      const [oldest] = endsAt.keys();
      if (oldest !== undefined && endsAt.size >= mostSessions) endsAt.delete(oldest);
      const id = randomBytes(32).toString("base64url");
      endsAt.set(id, now() + sessionMs);
      return id;
    },
    holds(id) {
      const at = id === null ? undefined : endsAt.get(id);
      return at !== undefined && at > now();
    },
    close(id) {
      if (id !== null) endsAt.delete(id);
    },
  };
}
