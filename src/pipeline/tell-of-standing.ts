import { StandingId } from "../domain/ids.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import type { Requester } from "../domain/people.ts";
import { StandingEvent } from "../domain/standing/events.ts";
import { aboutOf, type Line, type PostDeps, postNotice, untoldOf } from "./post-notice.ts";
import type { FollowUp } from "./ports/storage.ts";
import type { StageOutcome } from "./run-stage.ts";

/** To be committed with what happens to a standing approval. */
export function tellStanding(id: StandingId): FollowUp {
  const subject = streamOf("standing", id);
  return { stage: "tell", subject, correlationId: aboutOf(subject) };
}

/** That one is asked for, counts, was used or revoked, and that its time is over, which is waited for. */
export async function tellOfStanding(id: string, deps: PostDeps): Promise<StageOutcome> {
  const { store } = deps;
  const standingId = StandingId.parse(id);
  const subject = streamOf("standing", standingId);
  const loaded = await store.ledger.standing(standingId);
  if (loaded === null) return { kind: "nothing_to_do" };
  const standing = loaded.state;
  const isUntold = await untoldOf(subject, store);
  const own = { subject, channel: "", service: standing.bounds.condition.service };
  const types = ["standing_requested", "standing_granted", "standing_used", "standing_revoked"];
  for (const { type, at, data, version } of await store.ledger.events(subject, { types })) {
    const part = `event/${version}`;
    const event = StandingEvent.parse({ type, at, ...data });
    if (event.type === "standing_refused" || !isUntold(part)) continue;
    const line: Pick<Line, "notice" | "intent" | "requester"> = {
      notice: { kind: "standing", standing, event },
      intent: `Tell of ${type} of ${id}`,
      requester: requesterOf(event),
    };
    await postNotice({ ...line, ...own, part }, deps);
  }
  if (standing.status === "revoked") return { kind: "nothing_to_do" };
  const { until } = standing.bounds;
  const inMs = Date.parse(until) - Date.parse(await store.now());
  if (inMs > 0) return { kind: "again", inMs, because: "the standing approval ends then" };
  if (standing.status === "granted" && isUntold("ended")) {
    const { userId, name } = standing.requestedBy;
    await postNotice(
      {
        notice: { kind: "standing_ended", standing },
        intent: `Tell that the time of ${id} is over`,
        requester: { kind: "person", userId, name },
        ...own,
        part: "ended",
      },
      deps,
    );
  }
  return { kind: "nothing_to_do" };
}

/** What happens by itself is Signalman's doing. */
function requesterOf(event: StandingEvent): Requester {
  return "userId" in event
    ? { kind: "person", userId: event.userId, name: event.name }
    : { kind: "source", sourceId: "signalman" };
}
