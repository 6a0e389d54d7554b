import type { Grouping } from "../../domain/grouping.ts";
import { type Instant, later } from "../../domain/ids.ts";
import { countFiring } from "../../domain/incident/incident.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import type { Commit, FollowUp } from "../ports/storage.ts";
import type { Held } from "./incident-board.ts";

/** What is to be done because of what a batch changed in an incident, and what is not to be done any more. */
export function followUpsOf(
  held: Held,
  grouping: Grouping,
  quietMs: number,
  now: Instant,
): Required<Pick<Commit, "followUps" | "cancel">> {
  const { id: subject, state, correlationId } = held;
  // What follows an incident that was closed for a new one is the new one's.
  if (state.status === "closed") return { followUps: [], cancel: [] };
  const muted = state.mutedUntil !== null && state.mutedUntil > now ? state.mutedUntil : null;
  if (muted !== null && state.status === "resolved") {
    // It came and went while its service was muted: nobody needs to hear of it.
    const cancel = (["notify", "investigate"] as const).map((stage) => ({ stage, subject }));
    return { followUps: [], cancel };
  }
  const afresh = isAfresh(held);
  const waited = later(state.openedAt, durationMs(grouping.wait));
  const calm = afresh || isUrgent(held) ? now : calmlyDue(held, durationMs(grouping.interval), now);
  const dueAt = muted ?? (waited > calm ? waited : calm);
  const due = dueAt > now ? { dueAt } : {};
  const followUps: FollowUp[] = [{ stage: "notify", subject, correlationId, ...due }];
  if (afresh) followUps.push({ stage: "investigate", subject, correlationId, ...due });
  if (state.flappingSince !== null && countFiring(state) === 0) {
    followUps.push({ stage: "settle", subject, correlationId, dueAt: later(now, quietMs) });
  }
  return { followUps, cancel: [] };
}

/** It opened, came back, or is to be looked at anew. What is only held open because it flaps is none of these. */
function isAfresh({ state, loaded }: Held): boolean {
  if (loaded === null || state.episodeStartedAt !== loaded.state.episodeStartedAt) return true;
  return loaded.state.status === "resolved" && state.status === "open" && state.flappingSince === null;
}

/** News that people must not wait for: worse, over, or held open. */
function isUrgent({ state, loaded }: Held): boolean {
  if (loaded === null) return true;
  const { severity, status, flappingSince } = loaded.state;
  return state.severity !== severity || state.status !== status || state.flappingSince !== flappingSince;
}

/**
 * When a card is due that only lists more or fewer alerts: at once after a long silence, else after `intervalMs`. Of
 * several times the earliest holds, so that two such cards never come closer together than that.
 */
function calmlyDue({ loaded, state }: Held, intervalMs: number, now: Instant): Instant {
  const lastHeardAt = loaded?.state.lastHeardAt ?? state.openedAt;
  const [soon, sooner] = [later(now, intervalMs), later(lastHeardAt, 2 * intervalMs)];
  return soon < sooner ? soon : sooner;
}
