import { type ChangeId, type Instant, later } from "../ids.ts";
import type { ActionContract } from "../policy/action-contract.ts";
import type { Decision } from "../policy/decision.ts";
import type { StandingBounds, StandingEvent } from "./events.ts";
import { isLive, type StandingState, usesLeft } from "./standing.ts";

interface Person {
  userId: string;
  name: string;
}

/** The bounds a contract sets to standing approvals of its tool. */
export interface StandingLimits {
  longestMs: number;
  mostUses: number;
}

export type StandingCommand =
  | ({
      command: "request";
      bounds: StandingBounds;
      limits: StandingLimits;
      summary: string;
      reason: string;
      roles: string[];
      action: ActionContract;
      /** Policy's answer about `approval.grant_standing`, with the asker's own word where it counts. */
      decision: Decision;
    } & Person)
  | ({ command: "endorse"; roles: string[]; decision: Decision } & Person)
  | { command: "use"; changeId: ChangeId }
  | ({ command: "revoke"; reason: string } & Person)
  | ({ command: "refuse"; asked: "grant" | "revoke"; reason: string } & Person);

/** `events` may be empty: it is so already. Of a refusal too there may be something to record. */
export type StandingAnswer =
  { kind: "events"; events: StandingEvent[] } | { kind: "refused"; reason: string; events: StandingEvent[] };

/** Pure. */
export function decideStanding(
  command: StandingCommand,
  state: StandingState | null,
  now: Instant,
): StandingAnswer {
  if (command.command === "request") return decideRequest(command, state, now);
  if (state === null) return refused("There is no such standing approval.");
  switch (command.command) {
    case "endorse":
      return decideEndorse(command, state, now);
    case "use":
      if (!isLive(state, now)) return refused(`${state.id} is not live any more.`);
      if (usesLeft(state) === 0) return refused(`${state.id} is used up.`);
      return events({ type: "standing_used", at: now, changeId: command.changeId });
    case "revoke": {
      if (state.status === "revoked") return events();
      const { userId, name, reason } = command;
      return events({ type: "standing_revoked", at: now, userId, name, reason });
    }
    case "refuse": {
      const { userId, name, asked, reason } = command;
      return events({ type: "standing_refused", at: now, userId, name, asked, reason });
    }
  }
}

function decideRequest(
  command: Extract<StandingCommand, { command: "request" }>,
  state: StandingState | null,
  now: Instant,
): StandingAnswer {
  if (state !== null) return refused("It exists already.");
  const { userId, name, bounds, limits, summary, reason, roles, action, decision } = command;
  if (reason.trim() === "") return refused("A standing approval needs a reason.");
  if (bounds.until <= now) return refused("Its end must lie ahead.");
  if (bounds.until > later(now, limits.longestMs)) {
    return refused(`The tool's contract lets it last ${limits.longestMs / 3_600_000} hours at most.`);
  }
  if (bounds.maxUses > limits.mostUses) {
    return refused(`The tool's contract lets it be used ${limits.mostUses} times at most.`);
  }
  if (decision.kind !== "allow" && decision.kind !== "queue_for_review") {
    return refused(decision.reasons.join(" "));
  }
  return events(
    {
      type: "standing_requested",
      at: now,
      userId,
      name,
      bounds,
      summary,
      reason,
      roles,
      action,
      decision,
    },
    ...(decision.kind === "allow" ? [{ type: "standing_granted" as const, at: now }] : []),
  );
}

function decideEndorse(
  command: Extract<StandingCommand, { command: "endorse" }>,
  state: StandingState,
  now: Instant,
): StandingAnswer {
  const { userId, name, roles, decision } = command;
  if (state.status === "revoked") return refused(`${state.id} was revoked.`);
  if (state.bounds.until <= now) return refused(`The time of ${state.id} is over.`);
  if (state.status === "granted") return events();
  if (state.requestedBy.userId === userId) {
    return refused("Whoever asked for it does not agree to it as well: it takes somebody else.");
  }
  if (state.endorsedBy.some((each) => each.userId === userId)) return events();
  if (decision.kind !== "allow" && decision.kind !== "queue_for_review") {
    return refused(decision.reasons.join(" "));
  }
  return events(
    { type: "standing_endorsed", at: now, userId, name, roles, decision },
    ...(decision.kind === "allow" ? [{ type: "standing_granted" as const, at: now }] : []),
  );
}

function events(...list: StandingEvent[]): StandingAnswer {
  return { kind: "events", events: list };
}

function refused(reason: string, ...list: StandingEvent[]): StandingAnswer {
  return { kind: "refused", reason, events: list };
}
