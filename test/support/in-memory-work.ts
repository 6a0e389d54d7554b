import { type Instant, later } from "../../src/domain/ids.ts";
import type { Work, WorkLease } from "../../src/pipeline/ports/storage.ts";
import type { Clock } from "./in-memory-store.ts";
import type { Tables, WorkRow } from "./in-memory-tables.ts";

export function inMemoryWork(tables: Tables, clock: Clock): Work {
  const ours = ({ workId, epoch }: WorkLease): WorkRow | null => {
    const row = tables.work.get(workId);
    return row?.status === "held" && row.epoch === epoch ? row : null;
  };
  const isFree = (row: WorkRow): boolean =>
    row.status === "held" && row.leaseUntil !== null && row.leaseUntil < clock.now();

  return {
    async claim(stage, subject, leaseMs) {
      const now = clock.now();
      const known = [...tables.work.values()].filter(
        (each) => each.stage === stage && each.subject === subject,
      );
      if (known.some((each) => each.status === "held" && !isFree(each))) return null;
      const row = known
        .filter((each) => (each.status === "waiting" && each.dueAt <= now) || isFree(each))
        .toSorted((a, b) =>
          a.dueAt === b.dueAt ? Number(a.id) - Number(b.id) : a.dueAt < b.dueAt ? -1 : 1,
        )[0];
      if (row === undefined) return null;
      const epoch = row.epoch + 1;
      const attempt = row.attempt + 1;
      const leaseUntil = later(now, leaseMs);
      tables.work.set(row.id, { ...row, status: "held", epoch, attempt, leaseUntil, changedAt: now });
      return {
        workId: row.id,
        epoch,
        stage,
        subject,
        correlationId: row.correlationId,
        attempt,
        trace: null,
      };
    },
    async renew(lease, leaseMs) {
      const row = ours(lease);
      if (row === null) return false;
      tables.work.set(row.id, { ...row, leaseUntil: later(clock.now(), leaseMs) });
      return true;
    },
    async finish(lease) {
      const row = ours(lease);
      return row !== null && tables.work.delete(row.id);
    },
    async retry(lease, dueAt, error) {
      const row = ours(lease);
      if (row === null) return false;
      tables.work.delete(row.id);
      const { attempt } = row;
      putWaiting(tables, { ...row, dueAt, error, attempt, status: "waiting", leaseUntil: null });
      return true;
    },
    async park(lease, error) {
      const row = ours(lease);
      if (row === null) return false;
      tables.work.set(row.id, { ...row, status: "parked", leaseUntil: null, error, changedAt: clock.now() });
      return true;
    },
    async waiting(before, limit) {
      const places = new Map<string, number>();
      return [...tables.work.values()]
        .filter((row) => (row.status === "waiting" && row.dueAt <= before) || isFree(row))
        .map(({ stage, subject, dueAt, leaseUntil }) => ({ stage, subject, dueAt: leaseUntil ?? dueAt }))
        .toSorted((a, b) => (a.dueAt < b.dueAt ? -1 : 1))
        .filter(({ stage }) => {
          const place = (places.get(stage) ?? 0) + 1;
          places.set(stage, place);
          return place <= limit;
        });
    },
    async parked(limit) {
      return [...tables.work.values()]
        .filter((row) => row.status === "parked")
        .toSorted((a, b) => (a.changedAt > b.changedAt ? -1 : 1))
        .slice(0, limit)
        .map(({ stage, subject, error, changedAt }) => ({
          stage,
          subject,
          error: error ?? "",
          at: changedAt,
        }));
    },
    async totals() {
      const now = clock.now();
      const rows = [...tables.work.values()];
      return [...new Set(rows.map(({ stage }) => stage))].toSorted().map((stage) => {
        const of = (status: WorkRow["status"]) =>
          rows.filter((row) => row.stage === stage && row.status === status);
        const due = of("waiting").filter(({ dueAt }) => dueAt <= now);
        return {
          stage,
          waiting: of("waiting").length,
          due: due.length,
          oldestDueAt: oldest(due.map(({ dueAt }) => dueAt)),
          held: of("held").length,
          oldestHeldAt: oldest(of("held").map(({ changedAt }) => changedAt)),
          parked: of("parked").length,
          oldestParkedAt: oldest(of("parked").map(({ changedAt }) => changedAt)),
        };
      });
    },
  };
}

function oldest(instants: readonly Instant[]): Instant | null {
  return instants.toSorted()[0] ?? null;
}

/** One waiting row per stage and subject: two become one, with the earlier time and the more tries. */
export function putWaiting(tables: Tables, row: WorkRow): void {
  const other = [...tables.work.values()].find(
    ({ status, stage, subject }) => status === "waiting" && stage === row.stage && subject === row.subject,
  );
  if (other === undefined) {
    tables.work.set(row.id, row);
    return;
  }
  tables.work.set(other.id, {
    ...other,
    dueAt: row.dueAt < other.dueAt ? row.dueAt : other.dueAt,
    attempt: Math.max(row.attempt, other.attempt),
    error: row.error ?? other.error,
  });
}
