import type { CorrelationId } from "../../../src/domain/ids.ts";
import type { Inbox, NewDelivery } from "../../../src/pipeline/ports/storage.ts";

/** An inbox that keeps what it is given; `before` runs before the commit and may throw or wait. */
export interface MemoryInbox extends Pick<Inbox, "accept"> {
  kept: NewDelivery[];
  before: () => Promise<void>;
}

export function memoryInbox(): MemoryInbox {
  const byKey = new Map<string, CorrelationId>();
  const inbox: MemoryInbox = {
    kept: [],
    before: () => Promise.resolve(),
    async accept(delivery) {
      await inbox.before();
      const key = delivery.deliveryKey === null ? null : `${delivery.sourceId}/${delivery.deliveryKey}`;
      const first = key === null ? undefined : byKey.get(key);
      if (first !== undefined) return { kind: "duplicate", of: first };
      if (key !== null) byKey.set(key, delivery.correlationId);
      inbox.kept.push(delivery);
      return { kind: "accepted" };
    },
  };
  return inbox;
}
