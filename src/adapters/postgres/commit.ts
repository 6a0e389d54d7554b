import { DatabaseError } from "pg";
import { ChangeId, IncidentId } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import type { Commit, CommitResult, FollowUp, StreamWrite } from "../../pipeline/ports/storage.ts";
import { traceparentNow } from "../../watch/carried.ts";
import { append } from "./append.ts";
import { putBody } from "./bodies.ts";
import type { Database, Outcome, Queryable } from "./database.ts";
import { openChange } from "./ledger.ts";
import { putOutsideChanges } from "./outside-changes.ts";
import type { ProjectionRow } from "./projections.ts";
import { storable } from "./storable.ts";

const mostTries = 5;

/**
 * THE one function that writes: events, projections, follow-up work, bodies and settlements in one transaction.
 * Which unique index refused tells what went wrong, so nothing is asked twice and no savepoint is needed.
 */
export function commitOn(database: Database, onCommitted: (followUps: readonly FollowUp[]) => void) {
  return async function commit(commit: Commit): Promise<CommitResult> {
    for (let tries = 1; ; tries++) {
      const tried: Tried = { followUps: [] };
      try {
        const result = await database.transaction((client) => writeAll(client, commit, tried));
        if (result.kind === "committed") onCommitted(tried.followUps);
        return result;
      } catch (error) {
        const refusal = await refusalOf(database, error, tried);
        if (refusal !== null) return refusal;
        // The one that was in the way has ended between its refusal and our question: try again.
        if (isUniqueViolation(error) && tries < mostTries) continue;
        throw error;
      }
    }
  };
}

interface Tried {
  /** What is to be rung once it is committed. */
  followUps: readonly FollowUp[];
  /** The write that was under way when a unique index refused, and the row it would have made. */
  write?: StreamWrite;
  row?: ProjectionRow;
}

async function writeAll(client: Queryable, commit: Commit, tried: Tried): Promise<Outcome<CommitResult>> {
  const lost = { keep: false, result: { kind: "lease_lost" } } as const;
  if (commit.finish) {
    const { rowCount } = await client.query(
      "delete from outbox where id = $1 and epoch = $2 and status = 'held'",
      [commit.finish.workId, commit.finish.epoch],
    );
    if (rowCount === 0) return lost;
  }
  if (!(await settleAll(client, commit.settle ?? []))) return lost;
  // Streams that exist come first: a linked change may open only after its origin has closed.
  const writes = commit.writes.toSorted(
    (a, b) =>
      Number(a.expectedVersion === 0) - Number(b.expectedVersion === 0) || (a.stream < b.stream ? -1 : 1),
  );
  for (const write of writes) {
    if (write.stream !== streamOf(write.kind, write.id)) {
      throw new Error(`commit: ${write.stream} is not the stream of ${write.kind} ${write.id}`);
    }
    tried.write = write;
    const traceparent = traceOf(write, commit);
    if ((await append(client, write, traceparent, (row) => (tried.row = row))) === "stale") {
      return { keep: false, result: { kind: "stale", stream: write.stream } };
    }
  }
  for (const body of commit.bodies ?? []) await putBody(client, body);
  await putOutsideChanges(client, commit.outsideChanges ?? []);
  for (const { stage, subject } of commit.cancel ?? []) {
    await client.query("delete from outbox where stage = $1 and subject = $2 and status = 'waiting'", [
      stage,
      storable(subject),
    ]);
  }
  tried.followUps = await insertFollowUps(client, commit.followUps ?? []);
  return { keep: true, result: { kind: "committed" } };
}

/** What was committed together for several deliveries belongs to the trace of each one's own. */
function traceOf({ id }: StreamWrite, { followUps = [] }: Commit): string | null {
  return followUps.find(({ subject }) => subject === id)?.traceparent ?? traceparentNow();
}

/** False if one of them is settled already: then somebody else had it. */
async function settleAll(client: Queryable, settle: NonNullable<Commit["settle"]>): Promise<boolean> {
  if (settle.length === 0) return true;
  const { rowCount } = await client.query(
    `update inbox set outcome = ended.outcome, settlement = ended.settlement, settled_at = now(), lease_until = null
     from unnest($1::uuid[], $2::text[], $3::text[]) as ended (id, outcome, settlement)
     where inbox.id = ended.id and inbox.outcome is null`,
    [
      settle.map(({ id }) => id),
      settle.map(({ settlement }) => settlement.outcome),
      settle.map(({ settlement }) => JSON.stringify(settlement)),
    ],
  );
  return rowCount === settle.length;
}

/**
 * One waiting row per stage and subject: a second one only moves it to the earlier time. Answers those that are new or
 * were moved: for the rest somebody was rung already, and in a storm that is most of them.
 */
async function insertFollowUps(
  client: Queryable,
  followUps: readonly FollowUp[],
): Promise<readonly FollowUp[]> {
  if (followUps.length === 0) return [];
  const byRow = new Map<string, FollowUp>();
  for (const followUp of followUps) {
    const key = `${followUp.stage} ${storable(followUp.subject)}`;
    const other = byRow.get(key);
    if (other === undefined || isEarlier(followUp, other)) byRow.set(key, followUp);
  }
  // In one order, so that two commits that share rows wait for each other instead of crossing.
  const rows = [...byRow].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, followUp]) => followUp);
  const { rows: changed } = await client.query<{ stage: string; subject: string }>(
    `insert into outbox (stage, subject, correlation_id, due_at, traceparent)
     select stage, subject, correlation_id, coalesce(due_at, now()), traceparent
     from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
       as row (stage, subject, correlation_id, due_at, traceparent)
     on conflict (stage, subject) where status = 'waiting' do update
       set due_at = excluded.due_at where excluded.due_at < outbox.due_at
     returning stage, subject`,
    [
      rows.map(({ stage }) => stage),
      rows.map(({ subject }) => storable(subject)),
      rows.map(({ correlationId }) => correlationId),
      rows.map(({ dueAt }) => dueAt ?? null),
      rows.map(({ traceparent }) => traceparent ?? traceparentNow()),
    ],
  );
  return changed.flatMap(({ stage, subject }) => byRow.get(`${stage} ${subject}`) ?? []);
}

/** Without a time it is due at once. */
function isEarlier(a: FollowUp, b: FollowUp): boolean {
  return b.dueAt !== undefined && (a.dueAt === undefined || a.dueAt < b.dueAt);
}

function isUniqueViolation(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === "23505";
}

async function refusalOf(
  database: Database,
  error: unknown,
  { write, row }: Tried,
): Promise<CommitResult | null> {
  if (!isUniqueViolation(error) || write === undefined) return null;
  switch (error.constraint) {
    case "events_pkey":
    case "changes_pkey":
    case "incidents_pkey":
    case "mutes_pkey":
    case "authorities_pkey":
    case "standings_pkey":
    case "notices_pkey":
      return { kind: "stale", stream: write.stream };
    case "changes_one_open_per_flag": {
      const { rows } = await database.query<{ id: string }>(
        `select id from changes where environment_id = $1 and flag_key = $2 and ${openChange}`,
        [row?.["environment_id"], row?.["flag_key"]],
      );
      return rows[0] === undefined ? null : { kind: "flag_busy", changeId: ChangeId.parse(rows[0].id) };
    }
    case "incidents_one_per_group": {
      const { rows } = await database.query<{ id: string }>(
        "select id from incidents where group_key = $1 and status <> 'closed'",
        [row?.["group_key"]],
      );
      return rows[0] === undefined ? null : { kind: "group_busy", incidentId: IncidentId.parse(rows[0].id) };
    }
    default:
      return null;
  }
}
