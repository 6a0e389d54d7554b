import { type Instant, later } from "../ids.ts";
import type { ActionContract } from "../policy/action-contract.ts";
import type { Decision } from "../policy/decision.ts";
import type { Mode } from "../policy/mode.ts";
import { authority } from "../policy/mode.ts";
import { type AuthorityState, liveOverrides } from "./authority.ts";
import type { AuthorityEvent, OverrideWish } from "./events.ts";

/** The bounds of one override: long enough to matter, short enough that nobody forgets it. */
export const shortestOverrideMs = 5 * 60_000;
export const longestOverrideMs = 24 * 3_600_000;

/** Beyond this nobody could say any more what holds. */
const mostOverrides = 20;

interface Person {
  userId: string;
  name: string;
}
interface Governed {
  action: ActionContract;
  /** Policy's answer, with whoever has said yes so far. */
  decision: Decision;
}

export type AuthorityCommand =
  | ({ command: "override"; wish: OverrideWish; forMs: number; reason: string } & Person & Governed)
  | ({ command: "resume"; roles: string[]; reason: string } & Person & Governed)
  | ({ command: "refuse"; asked: "override" | "resume"; reason: string } & Person)
  | { command: "lower"; mode: Mode; reason: string; evidence: string[] };

/** `events` may be empty: it is so already. Of a refusal too there may be something to record. */
export type AuthorityAnswer =
  | { kind: "events"; events: AuthorityEvent[] }
  | { kind: "refused"; reason: string; events: AuthorityEvent[] };

/** Pure. Nothing but `resume` gives back anything, and that takes whom the contract names. */
export function decideAuthority(
  command: AuthorityCommand,
  state: AuthorityState | null,
  now: Instant,
): AuthorityAnswer {
  switch (command.command) {
    case "override":
      return decideOverride(command, state, now);
    case "resume":
      return decideResume(command, state, now);
    case "refuse": {
      const { userId, name, asked, reason } = command;
      return events({ type: "override_refused", at: now, userId, name, asked, reason });
    }
    case "lower": {
      const { mode, reason, evidence } = command;
      const already = state?.lowered?.mode ?? null;
      if (already !== null && authority(already) <= authority(mode)) return events();
      return events({ type: "authority_lowered", at: now, mode, reason, evidence });
    }
  }
}

function decideOverride(
  command: Extract<AuthorityCommand, { command: "override" }>,
  state: AuthorityState | null,
  now: Instant,
): AuthorityAnswer {
  const { userId, name, wish, forMs, reason, action, decision } = command;
  if (reason.trim() === "") return refused("An override needs a reason.");
  if (forMs < shortestOverrideMs || forMs > longestOverrideMs) {
    return refused("An override lasts from 5 minutes to 24 hours.");
  }
  if (decision.kind !== "allow") return notAllowed("override", command, now);
  const live = liveOverrides(state, now);
  const until = later(now, forMs);
  const covers = (other: OverrideWish) => JSON.stringify(other) === JSON.stringify(wish);
  if (live.some((each) => covers(each.wish) && each.until >= until)) return events();
  // The brake works however much was taken away before.
  if (live.length >= mostOverrides && wish.kind !== "mode") {
    return refused(`There are ${mostOverrides} overrides already: give authority back first (resume).`);
  }
  return events({ type: "override_set", at: now, userId, name, wish, until, reason, action, decision });
}

function decideResume(
  command: Extract<AuthorityCommand, { command: "resume" }>,
  state: AuthorityState | null,
  now: Instant,
): AuthorityAnswer {
  const { userId, name, roles, reason, action, decision } = command;
  if (liveOverrides(state, now).length === 0 && (state?.lowered ?? null) === null) return events();
  if (reason.trim() === "") return refused("Giving authority back needs a reason.");
  if (decision.kind === "allow") {
    return events({ type: "authority_resumed", at: now, userId, name, reason, action, decision });
  }
  if (decision.kind !== "queue_for_review") return notAllowed("resume", command, now);
  const asked = state?.resumeAsked.some((each) => each.userId === userId && each.until > now) ?? false;
  if (asked) return events();
  const until = later(now, decision.requirement.expiresAfterMs);
  return events({ type: "resume_requested", at: now, userId, name, roles, reason, until, action, decision });
}

function notAllowed(
  asked: "override" | "resume",
  { userId, name, decision }: Person & Governed,
  now: Instant,
): AuthorityAnswer {
  const reason = decision.reasons.join(" ");
  return refused(reason, { type: "override_refused", at: now, userId, name, asked, reason });
}

function events(...list: AuthorityEvent[]): AuthorityAnswer {
  return { kind: "events", events: list };
}

function refused(reason: string, ...list: AuthorityEvent[]): AuthorityAnswer {
  return { kind: "refused", reason, events: list };
}
