import { OpsError } from "../../domain/ops-error.ts";
import type { Log } from "../ports/log.ts";
import type { Doorbell } from "../ports/queue.ts";
import type { ClaimedDelivery } from "../ports/storage.ts";
import { tellQuarantine } from "../tell.ts";
import { Poison } from "./poison.ts";
import { takeIn, type TakeInDeps } from "./take-in.ts";

export interface DrainDeps extends TakeInDeps {
  doorbell: Pick<Doorbell, "ring">;
  log: Log;
  leaseMs: number;
}

/** Deliveries that share one commit. */
const batch = 200;
/** Batches a source may take in before the others have their turn. */
const batchesATurn = 3;
const mostTries = 5;

/**
 * Takes in what a source has delivered, in the order of arrival: one turn's worth; if there is more, the source is rung
 * again and stands at the end of the queue, behind those that deliver less. Throws `OpsError` where the store fails;
 * what is left then is for whoever looks next.
 */
export async function drainSource(sourceId: string, deps: DrainDeps): Promise<void> {
  let size = batch;
  for (let turn = 0; turn < batchesATurn; turn += 1) {
    const deliveries = await deps.store.inbox.claim(sourceId, size, deps.leaseMs);
    const [first, ...rest] = deliveries;
    if (first === undefined) return;
    // A claim that never ended: perhaps one of them takes the whole process down. It must not take the others along.
    const isSuspect = first.attempts > 1;
    if (isSuspect && rest.length > 0) await deps.store.inbox.release(rest);
    await takeInOrGiveBack(isSuspect ? [first] : deliveries, deps);
    // What has come since was rung for when it was committed, and is better taken in together than as it trickles in.
    if (!isSuspect && deliveries.length < size) return;
    size = isSuspect ? 1 : batch;
  }
  // If it cannot be rung, the sweeper finds the source.
  await deps.doorbell.ring("intake", sourceId).catch(() => undefined);
}

async function takeInOrGiveBack(deliveries: readonly ClaimedDelivery[], deps: DrainDeps): Promise<void> {
  // What of the batch is still to be taken in, in its order: all of it at first, then the pieces of what failed.
  const parts = [deliveries];
  try {
    for (let part = parts[0]; part !== undefined; part = parts[0]) {
      parts.splice(0, 1, ...(await takenOrCut(part, deps)));
    }
  } catch (error) {
    // If this fails too, the leases run out by themselves.
    await deps.store.inbox.release(parts.flat()).catch(() => undefined);
    throw error;
  }
}

/**
 * Nothing where the part was taken in. Where one of several is poison nothing was written, and the part is cut: around
 * the poison, or in halves where nobody knows which it is. So the rest hardly waits for it.
 */
async function takenOrCut(
  part: readonly ClaimedDelivery[],
  deps: DrainDeps,
): Promise<(readonly ClaimedDelivery[])[]> {
  const [only, ...others] = part;
  if (only !== undefined && others.length === 0) {
    await takeInOne(only, deps);
    return [];
  }
  try {
    await takeIn(part, deps);
    return [];
  } catch (error) {
    if (error instanceof OpsError) throw error;
    deps.log.warn(
      { stage: "intake", intent: "take in a batch", errorClass: "bug", err: error },
      `One of ${part.length} deliveries could not be taken in; the others go on without it`,
    );
    const poison = error instanceof Poison ? part.findIndex(({ id }) => id === error.deliveryId) : -1;
    const cuts = poison === -1 ? [Math.ceil(part.length / 2)] : [poison, poison + 1];
    return [0, ...cuts]
      .map((from, index) => part.slice(from, cuts[index]))
      .filter((piece) => piece.length > 0);
  }
}

/** A poison delivery must not stand in the way of the rest, nor may the rest overtake one that is only tried again. */
async function takeInOne(delivery: ClaimedDelivery, deps: DrainDeps): Promise<void> {
  const { correlationId, attempts } = delivery;
  const fields = { correlationId, stage: "intake", intent: "take in a delivery", errorClass: "bug" };
  if (attempts > mostTries) {
    await putAside(delivery, `Reading it was begun ${mostTries} times and never came to an end.`, deps);
    deps.log.error(fields, "A delivery was quarantined: reading it never ended");
    return;
  }
  for (let tries = 1; ; tries += 1) {
    try {
      return await takeIn([delivery], deps);
    } catch (error) {
      if (error instanceof OpsError) throw error;
      if (tries < mostTries) {
        deps.log.warn({ ...fields, attempt: tries, err: error }, "A delivery could not be taken in; again");
        continue;
      }
      const message = error instanceof Error ? error.message : String(error);
      await putAside(delivery, `Reading it failed ${tries} times: ${message}`.slice(0, 1000), deps);
      deps.log.error({ ...fields, err: error }, "A delivery was quarantined");
      return;
    }
  }
}

async function putAside(delivery: ClaimedDelivery, reason: string, deps: DrainDeps): Promise<void> {
  await deps.store.ledger.commit({
    writes: [],
    settle: [{ id: delivery.id, settlement: { outcome: "quarantined", reason } }],
    followUps: [tellQuarantine(delivery)],
  });
}
