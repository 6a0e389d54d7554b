import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { FollowUp, NewDelivery } from "./ports/storage.ts";

/** Rings right after a commit. A ring that fails costs time, not work: the sweeper finds the row. */
export function createRelay(doorbell: Pick<Doorbell, "ring">, log: Log) {
  const failed = (error: unknown) =>
    log.debug({ intent: "ring", err: error }, "A doorbell could not be rung; the sweeper will");
  return {
    /** At once, or at its time where the work is due later. */
    ringWork: (followUps: readonly FollowUp[]): void => {
      for (const { stage, subject, dueAt } of followUps) doorbell.ring(stage, subject, dueAt).catch(failed);
    },
    /** One ring a source, however many deliveries shared the commit. */
    ringSources: (deliveries: readonly NewDelivery[]): void => {
      for (const sourceId of new Set(deliveries.map((delivery) => delivery.sourceId))) {
        doorbell.ring("intake", sourceId).catch(failed);
      }
    },
  };
}
