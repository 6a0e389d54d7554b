import { later } from "../../src/domain/ids.ts";
import type { Inbox, NewDelivery } from "../../src/pipeline/ports/storage.ts";
import type { Clock } from "./in-memory-store.ts";
import type { InboxRow, Tables } from "./in-memory-tables.ts";

export function inMemoryInbox(
  tables: Tables,
  clock: Clock,
  onAccepted: (deliveries: readonly NewDelivery[]) => void = () => undefined,
): Inbox {
  const unsettled = (): InboxRow[] => [...tables.inbox.values()].filter((row) => row.settlement === null);
  const isHeld = (row: InboxRow): boolean => row.leaseUntil !== null && row.leaseUntil >= clock.now();

  return {
    async accept(delivery) {
      if (tables.inbox.has(delivery.id)) return { kind: "accepted" };
      const same = [...tables.inbox.values()].find(
        (row) =>
          delivery.deliveryKey !== null &&
          row.deliveryKey === delivery.deliveryKey &&
          row.sourceId === delivery.sourceId,
      );
      if (same !== undefined) return { kind: "duplicate", of: same.correlationId };
      const receivedAt = clock.now();
      tables.inbox.set(delivery.id, {
        ...delivery,
        receivedAt,
        attempts: 0,
        trace: null,
        leaseUntil: null,
        settlement: null,
        settledAt: null,
        requeues: [],
      });
      onAccepted([delivery]);
      return { kind: "accepted" };
    },
    async claim(sourceId, limit, leaseMs) {
      const oldest = unsettled()
        .filter((row) => row.sourceId === sourceId)
        .slice(0, limit);
      if (oldest.some(isHeld)) return [];
      return oldest.map((row) => {
        const attempts = row.attempts + 1;
        const claimed = { ...row, attempts, leaseUntil: later(clock.now(), leaseMs) };
        tables.inbox.set(row.id, claimed);
        return claimed;
      });
    },
    async release(deliveries) {
      for (const { id, attempts } of deliveries) {
        const row = tables.inbox.get(id);
        if (row?.settlement !== null || row.attempts !== attempts) continue;
        tables.inbox.set(id, { ...row, attempts: attempts - 1, leaseUntil: null });
      }
    },
    async waitingSources() {
      const held = new Set(
        unsettled()
          .filter(isHeld)
          .map((row) => row.sourceId),
      );
      const sources = new Set(unsettled().map((row) => row.sourceId));
      return [...sources.difference(held)].toSorted();
    },
    async quarantined(limit, ofSource) {
      return [...tables.inbox.values()]
        .filter((row) => ofSource === undefined || row.sourceId === ofSource)
        .toReversed()
        .flatMap(({ id, sourceId, receivedAt, settlement }) =>
          settlement?.outcome === "quarantined"
            ? [{ id, sourceId, receivedAt, reason: settlement.reason }]
            : [],
        )
        .slice(0, limit);
    },
    async delivery(id) {
      const row = tables.inbox.get(id);
      if (row === undefined) return null;
      const { leaseUntil: _, settledAt: __, ...kept } = row;
      return kept;
    },
    async requeue(id, by) {
      const row = tables.inbox.get(id);
      if (row?.settlement?.outcome !== "quarantined") return false;
      const requeues = [...row.requeues, { at: clock.now(), by, reason: row.settlement.reason }];
      tables.inbox.set(id, {
        ...row,
        requeues,
        settlement: null,
        settledAt: null,
        attempts: 0,
        leaseUntil: null,
      });
      onAccepted([row]);
      return true;
    },
    async forget(olderThanMs, limit) {
      const before = later(clock.now(), -olderThanMs);
      const old = [...tables.inbox.values()]
        .filter(
          ({ settlement, settledAt }) =>
            settledAt !== null && settlement?.outcome !== "quarantined" && settledAt < before,
        )
        .slice(0, limit);
      for (const { id } of old) tables.inbox.delete(id);
      return old.length;
    },
    async counts() {
      const counts = new Map<string, { sourceId: string; waiting: number; quarantined: number }>();
      for (const { sourceId, settlement } of tables.inbox.values()) {
        if (settlement !== null && settlement.outcome !== "quarantined") continue;
        const count = counts.get(sourceId) ?? { sourceId, waiting: 0, quarantined: 0 };
        count[settlement === null ? "waiting" : "quarantined"] += 1;
        counts.set(sourceId, count);
      }
      return [...counts.values()].toSorted((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
    },
  };
}
