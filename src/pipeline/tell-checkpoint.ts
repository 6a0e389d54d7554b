import { CorrelationId, toInstant } from "../domain/ids.ts";
import { pauseOf, type PostDeps, postNotice } from "./post-notice.ts";
import type { Posting, Store } from "./ports/storage.ts";
import type { StageOutcome } from "./run-stage.ts";

const subject = "ledger/checkpoint";
const part = "note";

/**
 * A line a minute would hide what else the channel has to say, and an hour is about what somebody could still remember
 * who has to say which entries were there: the file has every checkpoint.
 */
const everyMs = 3_600_000;

/** Has the newest checkpoint posted: at once, or when the last post is an hour old. */
export async function announceCheckpoint({
  ledger,
  postings,
}: Pick<Store, "ledger" | "postings">): Promise<void> {
  const last = await postings.get(subject, part);
  const followUp = { stage: "tell", subject, correlationId: CorrelationId.parse(subject) } as const;
  const due = last === null ? {} : { dueAt: toInstant(dueAfter(last)) };
  await ledger.commit({ writes: [], followUps: [{ ...followUp, ...due }] });
}

export async function tellCheckpoint(deps: PostDeps): Promise<StageOutcome> {
  const { store } = deps;
  const inMs = await pauseOf(subject, part, everyMs, store);
  if (inMs > 0) return { kind: "again", inMs, because: "a checkpoint was posted less than an hour ago" };
  const newest = await store.checkpoints.newest();
  if (newest === null) return { kind: "nothing_to_do" };
  const { size, note, at } = newest;
  const told = (await store.ledger.noticeOf(subject))?.state.last.part.slice(`${part}/`.length);
  // What was decided about the last line is an entry itself: where nothing else happened there is nothing to say.
  if (told !== undefined && size <= Number(told) + 1) return { kind: "nothing_to_do" };
  await postNotice(
    {
      notice: { kind: "checkpoint", size, note, at },
      subject,
      part: `${part}/${size}`,
      postedAs: part,
      channel: "",
      intent: "Post the newest checkpoint of the ledger",
      requester: { kind: "source", sourceId: "signalman" },
      service: "",
    },
    deps,
  );
  return { kind: "nothing_to_do" };
}

/** Slack's timestamps are seconds since 1970. */
function dueAfter(last: Posting): number {
  return Number(last.ts) * 1000 + everyMs;
}
