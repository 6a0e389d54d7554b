import { z } from "zod";
import { CorrelationId, DeliveryId, IncidentId, toInstant } from "../../domain/ids.ts";
import type {
  ClaimedDelivery,
  Inbox,
  NewDelivery,
  Requeue,
  Settlement,
} from "../../pipeline/ports/storage.ts";
import { traceparentNow } from "../../watch/carried.ts";
import { groupCommit } from "./group-commit.ts";
import type { Database } from "./database.ts";
import { storable } from "./storable.ts";

type Accepted = Awaited<ReturnType<Inbox["accept"]>>;

/** `onAccepted` is told, once a batch, which sources have something new. */
export function inboxOn(database: Database, onAccepted: (deliveries: readonly NewDelivery[]) => void): Inbox {
  const accept = groupCommit<Arrived, Accepted>(async (batch) => {
    const answers = await insert(database, batch);
    onAccepted(batch.filter((_, index) => answers[index]?.kind === "accepted"));
    return answers;
  });
  return {
    // Here: the batch is written in nobody's span.
    accept: (delivery) => accept({ ...delivery, traceparent: traceparentNow() }),
    // The oldest are locked before any is chosen: `for update` waits for a claim under way and then sees its leases,
    // so that two workers never hold deliveries of one source at once.
    async claim(sourceId, limit, leaseMs) {
      const { rows } = await database.query(
        `with oldest as materialized (
           select id, lease_until from inbox where source_id = $1 and outcome is null
           order by seq limit $2 for update)
         update inbox set attempts = attempts + 1, lease_until = now() + $3 * interval '1 ms'
         where id in (select id from oldest) and not exists (select from oldest where lease_until >= now())
         returning ${columns}`,
        [sourceId, limit, leaseMs],
      );
      return rows
        .map((row) => DeliveryRow.parse(row))
        .toSorted((a, b) => Number(a.seq - b.seq))
        .map(toDelivery);
    },
    async release(deliveries) {
      await database.query(
        `update inbox set attempts = inbox.attempts - 1, lease_until = null
         from unnest($1::uuid[], $2::int[]) as held (id, attempts)
         where inbox.id = held.id and inbox.attempts = held.attempts and outcome is null`,
        [deliveries.map(({ id }) => id), deliveries.map(({ attempts }) => attempts)],
      );
    },
    async waitingSources() {
      const { rows } = await database.query<{ source_id: string }>(
        `select source_id from inbox where outcome is null
         group by source_id having not coalesce(bool_or(lease_until >= now()), false) order by source_id`,
      );
      return rows.map((row) => row.source_id);
    },
    async quarantined(limit, sourceId) {
      const { rows } = await database.query(
        `select id, source_id, received_at, settlement from inbox
         where outcome = 'quarantined' and ($2::text is null or source_id = $2) order by seq desc limit $1`,
        [limit, sourceId ?? null],
      );
      return rows.map((row) => {
        const { id, source_id: sourceId, received_at, settlement } = QuarantinedRow.parse(row);
        return { id, sourceId, receivedAt: toInstant(received_at), reason: settlement.reason };
      });
    },
    async delivery(id) {
      const { rows } = await database.query(
        `select ${columns}, outcome, settlement from inbox where id = $1`,
        [id],
      );
      if (rows[0] === undefined) return null;
      const row = KeptRow.parse(rows[0]);
      const { rows: requeues } = await database.query(
        "select at, asked_by, settlement from requeues where delivery_id = $1 order by at",
        [id],
      );
      return { ...toDelivery(row), settlement: toSettlement(row), requeues: requeues.map(toRequeue) };
    },
    async requeue(id, by) {
      const { rows } = await database.query(
        `with known as (
           select id, settlement from inbox where id = $1 and outcome = 'quarantined' for update),
         told as (
           insert into requeues (delivery_id, asked_by, settlement) select id, $2, settlement from known)
         update inbox set outcome = null, settlement = null, settled_at = null, attempts = 0, lease_until = null
         from known where inbox.id = known.id
         returning ${columns.replace("id", "inbox.id")}`,
        [id, storable(by)],
      );
      if (rows[0] === undefined) return false;
      onAccepted([toDelivery(DeliveryRow.parse(rows[0]))]);
      return true;
    },
    async forget(olderThanMs, limit) {
      const { rowCount } = await database.query(
        `delete from inbox where id in (
           select id from inbox
           where outcome in ('joined', 'duplicate', 'noted') and settled_at < now() - $1 * interval '1 ms'
           order by settled_at limit $2 for update skip locked)`,
        [olderThanMs, limit],
      );
      return rowCount ?? 0;
    },
    async counts() {
      const { rows } = await database.query<{ source_id: string; waiting: number; quarantined: number }>(
        `select source_id, count(*) filter (where outcome is null)::int as waiting,
           count(*) filter (where outcome = 'quarantined')::int as quarantined
         from inbox where outcome is null or outcome = 'quarantined' group by source_id order by source_id`,
      );
      return rows.map(({ source_id: sourceId, ...rest }) => ({ sourceId, ...rest }));
    },
  };
}

type Arrived = NewDelivery & { traceparent: string | null };

const columns = `id, seq, correlation_id, source_id, delivery_key, headers, body, received_at, attempts, traceparent,
  extract(epoch from now() - received_at) * 1000 as trace_age_ms`;
const inserted = 7;

async function insert(database: Database, batch: readonly Arrived[]): Promise<Accepted[]> {
  const places = batch.map((_, row) => {
    const first = row * inserted;
    return `(${Array.from({ length: inserted }, (_, column) => `$${first + column + 1}`).join(", ")})`;
  });
  const values = batch.flatMap(({ id, correlationId, sourceId, deliveryKey, headers, body, traceparent }) => [
    id,
    correlationId,
    sourceId,
    deliveryKey === null ? null : storable(deliveryKey),
    JSON.stringify(headers),
    Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    traceparent,
  ]);
  const { rows } = await database.query<{ id: string }>(
    `insert into inbox (id, correlation_id, source_id, delivery_key, headers, body, traceparent)
     values ${places.join(", ")} on conflict do nothing returning id`,
    values,
  );
  const newOnes = new Set(rows.map((row) => row.id));
  if (newOnes.size === batch.length) return batch.map(() => ({ kind: "accepted" }));
  return Promise.all(
    batch.map(async (delivery) =>
      newOnes.has(delivery.id) ? { kind: "accepted" } : known(database, delivery),
    ),
  );
}

/** Not inserted: it is there already, either this very delivery (its first answer was lost) or one of the same key. */
async function known(database: Database, delivery: NewDelivery): Promise<Accepted> {
  const { rows } = await database.query<{ id: string; correlation_id: string }>(
    `select id, correlation_id from inbox
     where id = $1 or (source_id = $2 and delivery_key = $3) order by (id = $1) desc limit 1`,
    [delivery.id, delivery.sourceId, delivery.deliveryKey === null ? null : storable(delivery.deliveryKey)],
  );
  const [found] = rows;
  if (found === undefined) throw new Error(`delivery ${delivery.id} was neither inserted nor found`);
  if (found.id === delivery.id) return { kind: "accepted" };
  return { kind: "duplicate", of: CorrelationId.parse(found.correlation_id) };
}

const DeliveryRow = z.object({
  id: DeliveryId,
  seq: z.coerce.bigint(),
  correlation_id: CorrelationId,
  source_id: z.string(),
  delivery_key: z.string().nullable(),
  headers: z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  body: z.instanceof(Uint8Array),
  received_at: z.date(),
  attempts: z.int(),
  traceparent: z.string().nullable(),
  trace_age_ms: z.coerce.number(),
});

const KeptRow = DeliveryRow.extend({ outcome: z.string().nullable(), settlement: z.string().nullable() });

const QuarantinedRow = z.object({
  id: DeliveryId,
  source_id: z.string(),
  received_at: z.date(),
  settlement: z.string().transform((text) => z.object({ reason: z.string() }).parse(JSON.parse(text))),
});

const RequeueRow = QuarantinedRow.pick({ settlement: true }).extend({ at: z.date(), asked_by: z.string() });

function toRequeue(row: unknown): Requeue {
  const { at, asked_by: by, settlement } = RequeueRow.parse(row);
  return { at: toInstant(at), by, reason: settlement.reason };
}

const SettlementRow: z.ZodType<Settlement> = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("joined"), incidentIds: z.array(IncidentId) }),
  z.object({ outcome: z.literal("duplicate"), of: DeliveryId.nullable() }),
  z.object({ outcome: z.literal("noted"), what: z.string() }),
  z.object({ outcome: z.literal("quarantined"), reason: z.string() }),
]);

function toSettlement({ outcome, settlement }: z.infer<typeof KeptRow>): Settlement | null {
  if (outcome === null || settlement === null) return null;
  const rest = z.record(z.string(), z.unknown()).parse(JSON.parse(settlement));
  return SettlementRow.parse({ outcome, ...rest });
}

function toDelivery(row: z.infer<typeof DeliveryRow>): ClaimedDelivery {
  return {
    id: row.id,
    correlationId: row.correlation_id,
    sourceId: row.source_id,
    deliveryKey: row.delivery_key,
    headers: row.headers,
    body: row.body,
    receivedAt: toInstant(row.received_at),
    attempts: row.attempts,
    trace: row.traceparent === null ? null : { traceparent: row.traceparent, ageMs: row.trace_age_ms },
  };
}
