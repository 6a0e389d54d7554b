import { z } from "zod";
import { CorrelationId, toInstant } from "../../domain/ids.ts";
import { Stage } from "../../domain/stage.ts";
import type { Work, WorkItem } from "../../pipeline/ports/storage.ts";
import type { Database } from "./database.ts";
import { storable } from "./storable.ts";

/**
 * A row is `waiting` (at most one per stage and subject), `held` by one worker until its lease runs out, or
 * `parked`. Every claim raises `epoch`; whoever holds an older one can change nothing any more.
 */
export function workOn(database: Database): Work {
  const ours = "id = $1 and epoch = $2 and status = 'held'";
  const changed = async (sql: string, values: unknown[]) =>
    (await database.query(sql, values)).rowCount === 1;
  return {
    // All rows of the stage and subject are locked before one is chosen: `for update` waits for a claim under way
    // and then sees what it left, so that two rows are never held at once.
    async claim(stage, subject, leaseMs) {
      const { rows } = await database.query(
        `with known as materialized (
           select id, status, due_at, lease_until from outbox
           where stage = $1 and subject = $2 and status in ('waiting', 'held')
           order by status = 'held' desc, id for update)
         update outbox set status = 'held', epoch = epoch + 1, attempt = attempt + 1, changed_at = now(),
           lease_until = now() + $3 * interval '1 ms'
         where id = (
           select id from known
           where ((status = 'waiting' and due_at <= now()) or (status = 'held' and lease_until < now()))
             and not exists (select from known where status = 'held' and lease_until >= now())
           order by due_at, id limit 1)
         returning id, epoch, stage, subject, correlation_id, attempt, traceparent,
           extract(epoch from now() - traced_at) * 1000 as trace_age_ms`,
        [stage, storable(subject), leaseMs],
      );
      return rows[0] === undefined ? null : toItem(WorkRow.parse(rows[0]));
    },
    renew: ({ workId, epoch }, leaseMs) =>
      changed(`update outbox set lease_until = now() + $3 * interval '1 ms' where ${ours}`, [
        workId,
        epoch,
        leaseMs,
      ]),
    finish: ({ workId, epoch }) => changed(`delete from outbox where ${ours}`, [workId, epoch]),
    // If new work of this stage and subject has come meanwhile, the two become one: the earlier time, the more tries.
    retry: ({ workId, epoch }, dueAt, error) =>
      changed(
        `with mine as (delete from outbox where ${ours} returning *)
         insert into outbox (id, stage, subject, correlation_id, due_at, attempt, epoch, error, traceparent, traced_at)
         select id, stage, subject, correlation_id, $3::timestamptz, attempt, epoch, $4, traceparent, traced_at from mine
         on conflict (stage, subject) where status = 'waiting' do update
           set due_at = least(outbox.due_at, excluded.due_at), attempt = greatest(outbox.attempt, excluded.attempt),
               error = excluded.error`,
        [workId, epoch, dueAt, storable(error)],
      ),
    park: ({ workId, epoch }, error) =>
      changed(
        `update outbox set status = 'parked', lease_until = null, error = $3, changed_at = now() where ${ours}`,
        [workId, epoch, storable(error)],
      ),
    async waiting(before, limit) {
      const { rows } = await database.query(
        `select stage, subject, due_at from (
           select stage, subject, due_at, row_number() over (partition by stage order by due_at) as place from (
             select stage, subject, due_at from outbox where status = 'waiting' and due_at <= $1::timestamptz
             union all
             select stage, subject, lease_until from outbox where status = 'held' and lease_until < now()
           ) as free
         ) as placed
         where place <= $2 order by due_at`,
        [before, limit],
      );
      return rows.map((row) => {
        const { stage, subject, due_at } = WaitingRow.parse(row);
        return { stage, subject, dueAt: toInstant(due_at) };
      });
    },
    async parked(limit) {
      const { rows } = await database.query(
        `select stage, subject, error, changed_at from outbox where status = 'parked'
         order by changed_at desc limit $1`,
        [limit],
      );
      return rows.map((row) => {
        const { stage, subject, error, changed_at } = ParkedRow.parse(row);
        return { stage, subject, error: error ?? "", at: toInstant(changed_at) };
      });
    },
    async totals() {
      const { rows } = await database.query(
        `select stage,
           count(*) filter (where status = 'waiting')::int as waiting,
           count(*) filter (where status = 'waiting' and due_at <= now())::int as due,
           min(due_at) filter (where status = 'waiting' and due_at <= now()) as oldest_due_at,
           count(*) filter (where status = 'held')::int as held,
           min(changed_at) filter (where status = 'held') as oldest_held_at,
           count(*) filter (where status = 'parked')::int as parked,
           min(changed_at) filter (where status = 'parked') as oldest_parked_at
         from outbox group by stage order by stage`,
      );
      return rows.map((row) => {
        const { oldest_due_at, oldest_held_at, oldest_parked_at, ...counts } = TotalRow.parse(row);
        return {
          ...counts,
          oldestDueAt: oldest_due_at && toInstant(oldest_due_at),
          oldestHeldAt: oldest_held_at && toInstant(oldest_held_at),
          oldestParkedAt: oldest_parked_at && toInstant(oldest_parked_at),
        };
      });
    },
  };
}

const WorkRow = z.object({
  id: z.string(),
  epoch: z.int(),
  stage: Stage,
  subject: z.string(),
  correlation_id: CorrelationId,
  attempt: z.int(),
  traceparent: z.string().nullable(),
  trace_age_ms: z.coerce.number(),
});
const WaitingRow = z.object({ stage: Stage, subject: z.string(), due_at: z.date() });
const ParkedRow = z.object({
  stage: Stage,
  subject: z.string(),
  error: z.string().nullable(),
  changed_at: z.date(),
});

const TotalRow = z.object({
  stage: Stage,
  waiting: z.int(),
  due: z.int(),
  oldest_due_at: z.date().nullable(),
  held: z.int(),
  oldest_held_at: z.date().nullable(),
  parked: z.int(),
  oldest_parked_at: z.date().nullable(),
});

function toItem(row: z.infer<typeof WorkRow>): WorkItem {
  return {
    workId: row.id,
    epoch: row.epoch,
    stage: row.stage,
    subject: row.subject,
    correlationId: row.correlation_id,
    attempt: row.attempt,
    trace: row.traceparent === null ? null : { traceparent: row.traceparent, ageMs: row.trace_age_ms },
  };
}
