import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { FollowUp, NewDelivery } from "./ports/storage.ts";

/** Of one source, rings are at least this far apart: in a storm each would cost the database as much as a commit. */
const sourceEveryMs = 25;

/** Rings right after a commit. A ring that fails costs time, not work: the sweeper finds the row. */
export function createRelay(doorbell: Pick<Doorbell, "ring">, log: Log) {
  const failed = (error: unknown) =>
    log.debug({ intent: "ring", err: error }, "A doorbell could not be rung; the sweeper will");
  /** Sources that were rung a moment ago, and whether something has come since. */
  const rung = new Map<string, { again: boolean }>();

  /** At once, and for what comes within the next moment once more at its end. */
  async function ringSource(sourceId: string): Promise<void> {
    const known = rung.get(sourceId);
    if (known !== undefined) {
      known.again = true;
      return;
    }
    const moment = { again: false };
    rung.set(sourceId, moment);
    const over = new Promise((resolve) => setTimeout(resolve, sourceEveryMs));
    await doorbell.ring("intake", sourceId).catch(failed);
    // Not before the last one was answered either: rings under way at once only wait for each other.
    await over;
    rung.delete(sourceId);
    if (moment.again) await ringSource(sourceId);
  }

  return {
    /** At once, or at its time where the work is due later. */
    ringWork: (followUps: readonly FollowUp[]): void => {
      for (const { stage, subject, dueAt } of followUps) doorbell.ring(stage, subject, dueAt).catch(failed);
    },
    /** One ring a source and moment, however many deliveries it commits. */
    ringSources: (deliveries: readonly NewDelivery[]): void => {
      for (const { sourceId } of deliveries) void ringSource(sourceId);
    },
  };
}
