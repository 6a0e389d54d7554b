import { CorrelationId } from "../domain/ids.ts";
import { MuteEvent } from "../domain/mute/events.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import type { Service } from "../domain/service.ts";
import type { Noticeboard } from "./ports/noticeboard.ts";
import type { ClaimedDelivery, FollowUp, Store, WorkItem } from "./ports/storage.ts";
import type { StageOutcome } from "./run-stage.ts";

export interface TellDeps {
  store: Store;
  services: readonly Service[];
  noticeboard: Noticeboard;
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
  return { stage: "tell", subject, correlationId: CorrelationId.parse(subject.slice(0, 64)) };
}

/** Posts what belongs to no incident. What was posted is a row, so that it is not said twice. */
export async function tell(item: WorkItem, deps: TellDeps): Promise<StageOutcome> {
  const cut = item.subject.indexOf("/");
  const kind = item.subject.slice(0, cut);
  const id = item.subject.slice(cut + 1);
  switch (kind) {
    case "mute":
      return tellOfMute(id, deps);
    case "quarantine":
      return tellOfQuarantine(id, item.subject, deps);
    default:
      throw new Error(`tell: ${item.subject} is neither a mute nor a quarantine`);
  }
}

async function tellOfMute(
  service: string,
  { store, services, noticeboard }: TellDeps,
): Promise<StageOutcome> {
  const subject = streamOf("mute", service);
  const types = ["service_muted", "service_unmuted"];
  const entries = await store.ledger.events(subject, { types, limit: mostMuteEvents });
  const told = new Set((await store.postings.ofSubject(subject)).map(({ part }) => part));
  const channel = services.find(({ name }) => name === service)?.channel ?? "";
  for (const { type, at, data, version } of entries) {
    const part = `event/${version}`;
    if (told.has(part)) continue;
    const event = MuteEvent.parse({ type, at, ...data });
    if (event.type === "mute_refused") continue;
    await noticeboard.post({ kind: "mute", service, event }, { subject, part, channel });
  }
  return { kind: "nothing_to_do" };
}

async function tellOfQuarantine(
  sourceId: string,
  subject: string,
  { store, noticeboard }: TellDeps,
): Promise<StageOutcome> {
  const part = "note";
  const last = await store.postings.get(subject, part);
  if (last !== null) {
    // Slack's timestamps are seconds since 1970.
    const due = Number(last.ts) * 1000 + quarantineEveryMs;
    const inMs = Math.min(due - Date.parse(await store.now()), quarantineEveryMs);
    if (inMs > 0)
      return { kind: "again", inMs, because: `people were told of ${sourceId} a short while ago` };
  }
  const [newest] = await store.inbox.quarantined(1, sourceId);
  // Taken in anew by somebody meanwhile.
  if (newest === undefined) return { kind: "nothing_to_do" };
  const counts = await store.inbox.counts();
  const count = counts.find((each) => each.sourceId === sourceId)?.quarantined ?? 1;
  await noticeboard.post({ kind: "quarantine", sourceId, count, newest }, { subject, part, channel: "" });
  return { kind: "nothing_to_do" };
}
