import { MuteEvent } from "../domain/mute/events.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import type { Service } from "../domain/service.ts";
import { aboutOf, pauseOf, type PostDeps, postNotice, untoldOf } from "./post-notice.ts";
import type { ClaimedDelivery, FollowUp, WorkItem } from "./ports/storage.ts";
import type { StageOutcome } from "./run-stage.ts";
import { tellOfEmergency } from "./tell-of-emergency.ts";
import { tellCheckpoint } from "./tell-checkpoint.ts";
import { tellOfAuthority } from "./tell-of-authority.ts";
import { tellOfStanding } from "./tell-of-standing.ts";

export interface TellDeps extends PostDeps {
  services: readonly Service[];
}

/** People are told of the quarantine of one source this often at most: a source that breaks breaks for all it sends. */
const quarantineEveryMs = 600_000;

/** Of one service. What is older was told, or nobody waits for it any more. */
const mostMuteEvents = 5;

/** To be committed with the settlement of a delivery as quarantined, so that it is never silent. */
export function tellQuarantine({
  sourceId,
  correlationId,
}: Pick<ClaimedDelivery, "sourceId" | "correlationId">): FollowUp {
  return { stage: "tell", subject: `quarantine/${sourceId}`, correlationId };
}

/** To be committed with the events of a mute. */
export function tellMute(service: string): FollowUp {
  const subject = streamOf("mute", service);
  return { stage: "tell", subject, correlationId: aboutOf(subject) };
}

/**
 * Posts what belongs to no incident. Each line is an action that policy decides on; what was posted is a row, so that
 * it is not said twice.
 */
export async function tell(item: WorkItem, deps: TellDeps): Promise<StageOutcome> {
  const cut = item.subject.indexOf("/");
  const kind = item.subject.slice(0, cut);
  const id = item.subject.slice(cut + 1);
  switch (kind) {
    case "mute":
      return tellOfMute(id, deps);
    case "quarantine":
      return tellOfQuarantine(id, item.subject, deps);
    case "ledger":
      return tellCheckpoint(deps);
    case "authority":
      return tellOfAuthority(id, deps);
    case "emergency":
      return tellOfEmergency(id, deps);
    case "standing":
      return tellOfStanding(id, deps);
    default:
      throw new Error(`tell: ${item.subject} is nothing that people are told of`);
  }
}

async function tellOfMute(service: string, deps: TellDeps): Promise<StageOutcome> {
  const { store, services } = deps;
  const subject = streamOf("mute", service);
  const types = ["service_muted", "service_unmuted"];
  const entries = await store.ledger.events(subject, { types, limit: mostMuteEvents });
  const isUntold = await untoldOf(subject, store);
  const channel = services.find(({ name }) => name === service)?.channel ?? "";
  for (const { type, at, data, version } of entries) {
    const part = `event/${version}`;
    if (!isUntold(part)) continue;
    const event = MuteEvent.parse({ type, at, ...data });
    if (event.type === "mute_refused") continue;
    const { userId, name } = event;
    const what = event.type === "service_muted" ? "is muted" : "is not muted any more";
    await postNotice(
      {
        notice: { kind: "mute", service, event },
        subject,
        part,
        channel,
        intent: `Tell that ${service} ${what}`,
        requester: { kind: "person", userId, name },
        service,
      },
      deps,
    );
  }
  return { kind: "nothing_to_do" };
}

async function tellOfQuarantine(sourceId: string, subject: string, deps: TellDeps): Promise<StageOutcome> {
  const { store } = deps;
  const postedAs = "note";
  const inMs = await pauseOf(subject, postedAs, quarantineEveryMs, store);
  if (inMs > 0) return { kind: "again", inMs, because: `people were told of ${sourceId} a short while ago` };
  const [newest] = await store.inbox.quarantined(1, sourceId);
  // Taken in anew by somebody meanwhile.
  if (newest === undefined) return { kind: "nothing_to_do" };
  const counts = await store.inbox.counts();
  const count = counts.find((each) => each.sourceId === sourceId)?.quarantined ?? 1;
  await postNotice(
    {
      notice: { kind: "quarantine", sourceId, count, newest },
      subject,
      part: `${postedAs}/${newest.id}`,
      postedAs,
      channel: "",
      intent: `Tell that deliveries of ${sourceId} are in quarantine`,
      requester: { kind: "source", sourceId },
      service: "",
    },
    deps,
  );
  return { kind: "nothing_to_do" };
}
