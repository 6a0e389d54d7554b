import { DatabaseError } from "pg";
import { ChangeId, IncidentId } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import type { Commit, CommitResult, FollowUp, StreamWrite } from "../../pipeline/ports/storage.ts";
import { append, type Appended } from "./append.ts";
import { putBody } from "./bodies.ts";
import type { Database, Outcome, Queryable } from "./database.ts";
import { openChange } from "./ledger.ts";
import { storable } from "./storable.ts";

const mostTries = 5;

/**
 * THE one function that writes: events, projections, follow-up work, bodies and settlements in one transaction.
 * Which unique index refused tells what went wrong, so nothing is asked twice and no savepoint is needed.
 */
export function commitOn(database: Database, onCommitted: (followUps: readonly FollowUp[]) => void) {
  return async function commit(commit: Commit): Promise<CommitResult> {
    for (let tries = 1; ; tries++) {
      const tried: { write?: StreamWrite; appended?: Appended } = {};
      try {
        const result = await database.transaction((client) => writeAll(client, commit, tried));
        if (result.kind === "committed") onCommitted(commit.followUps ?? []);
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

async function writeAll(
  client: Queryable,
  commit: Commit,
  tried: { write?: StreamWrite; appended?: Appended },
): Promise<Outcome<CommitResult>> {
  const lost = { keep: false, result: { kind: "lease_lost" } } as const;
  if (commit.finish) {
    const { rowCount } = await client.query(
      "delete from outbox where id = $1 and epoch = $2 and status = 'held'",
      [commit.finish.workId, commit.finish.epoch],
    );
    if (rowCount === 0) return lost;
  }
  for (const { id, settlement } of commit.settle ?? []) {
    const { outcome, ...rest } = settlement;
    const { rowCount } = await client.query(
      "update inbox set outcome = $2, settlement = $3, settled_at = now(), lease_until = null where id = $1 and outcome is null",
      [id, outcome, JSON.stringify(rest)],
    );
    if (rowCount === 0) return lost;
  }
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
    if ((await append(client, write, (appended) => (tried.appended = appended))) === "stale") {
      return { keep: false, result: { kind: "stale", stream: write.stream } };
    }
  }
  for (const body of commit.bodies ?? []) await putBody(client, body);
  for (const { stage, subject } of commit.cancel ?? []) {
    await client.query("delete from outbox where stage = $1 and subject = $2 and status = 'waiting'", [
      stage,
      storable(subject),
    ]);
  }
  await insertFollowUps(client, commit.followUps ?? []);
  return { keep: true, result: { kind: "committed" } };
}

/** One waiting row per stage and subject: a second one only moves it to the earlier time. */
async function insertFollowUps(client: Queryable, followUps: readonly FollowUp[]): Promise<void> {
  const ordered = followUps.toSorted((a, b) =>
    `${a.stage} ${a.subject}` < `${b.stage} ${b.subject}` ? -1 : 1,
  );
  for (const { stage, subject, correlationId, dueAt } of ordered) {
    await client.query(
      `insert into outbox (stage, subject, correlation_id, due_at) values ($1, $2, $3, coalesce($4::timestamptz, now()))
       on conflict (stage, subject) where status = 'waiting' do update
         set due_at = least(outbox.due_at, excluded.due_at)`,
      [stage, storable(subject), correlationId, dueAt ?? null],
    );
  }
}

function isUniqueViolation(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === "23505";
}

async function refusalOf(
  database: Database,
  error: unknown,
  { write, appended }: { write?: StreamWrite; appended?: Appended },
): Promise<CommitResult | null> {
  if (!isUniqueViolation(error) || write === undefined) return null;
  switch (error.constraint) {
    case "events_pkey":
    case "changes_pkey":
    case "incidents_pkey":
      return { kind: "stale", stream: write.stream };
    case "changes_one_open_per_flag": {
      if (appended?.kind !== "change") return null;
      const { rows } = await database.query<{ id: string }>(
        `select id from changes where environment_id = $1 and flag_key = $2 and ${openChange}`,
        [appended.environmentId, appended.flagKey],
      );
      return rows[0] === undefined ? null : { kind: "flag_busy", changeId: ChangeId.parse(rows[0].id) };
    }
    case "incidents_one_per_group": {
      if (appended?.kind !== "incident") return null;
      const { rows } = await database.query<{ id: string }>(
        "select id from incidents where group_key = $1 and status <> 'closed'",
        [appended.groupKey],
      );
      return rows[0] === undefined ? null : { kind: "group_busy", incidentId: IncidentId.parse(rows[0].id) };
    }
    default:
      return null;
  }
}
