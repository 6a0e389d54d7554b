import { createPostgresBackend, isPgPool, Queue, runMigrations, Worker } from "bullmq";
import { DatabaseError, Pool, type PoolClient, type PoolConfig } from "pg";
import { OpsError } from "../../domain/ops-error.ts";
import { Stage } from "../../domain/stage.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { QueueBackend, Ring } from "./queue-backend.ts";

export interface PostgresConnection {
  kind: "postgres";
  connection: PoolConfig;
}

const schema = "bullmq";
/**
 * A ring need not survive a crash of the database, as its row does, and the sweeper rings again. Nobody waits for the
 * disk then: PostgreSQL lets commits that notify in one by one, so that each would keep all others waiting.
 */
const lightCommits = "-c synchronous_commit=off";
/** Each worker keeps one connection of the pool for LISTEN; the rest is for queries. */
const connections = Stage.options.length + 6;

/** BullMQ's own tables, beside ours in the same database, migrated at every start (a no-op when up to date). */
export async function openPostgresBackend(
  { connection }: PostgresConnection,
  stack: AsyncDisposableStack,
  log: Log,
): Promise<QueueBackend> {
  const pool = new Pool({
    connectionTimeoutMillis: 5_000,
    // Connections that have fallen silent would else be held for ever, until none is left to ring with.
    query_timeout: 15_000,
    application_name: "signalman-queue",
    keepAlive: true,
    ...connection,
    max: connections,
    options: `${connection.options ?? ""} -c search_path=${schema} ${lightCommits}`.trim(),
  });
  // Every queue and worker listens for errors of the pool.
  pool.setMaxListeners(4 * Stage.options.length);
  pool.on("error", (error) =>
    log.warn({ intent: "ring", errorClass: "unreachable", err: error }, "An idle queue connection broke"),
  );
  // A connection in use that breaks between two queries would else end the process; its next query fails anyway.
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
    breakOnSilence(client);
  });
  stack.defer(() => pool.end());
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client, schema);
    } finally {
      client.release();
    }
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new OpsError(
      "unreachable",
      `The queue's tables could not be prepared: ${words}. Check DATABASE_URL.`,
      {
        cause,
      },
    );
  }
  const known: unknown = pool;
  // pg's Pool is one, but its types allow `payload: undefined` where BullMQ's do not.
  if (!isPgPool(known)) throw new Error("a pg.Pool is what BullMQ takes for one");
  const options = { connection: known };
  return {
    queue: (name) => new Queue(name, options, createPostgresBackend),
    worker: (name, answer, settings) =>
      new Worker(
        name,
        ({ data }: { data: Ring }) => answer(data),
        { ...options, ...settings },
        createPostgresBackend,
      ),
  };
}

/**
 * A query without an answer is given up, but not its connection: BullMQ would try to LISTEN on the same one again and
 * again, and its worker would stay deaf for ever. As one that has broken it is replaced.
 */
function breakOnSilence(client: PoolClient): void {
  const query: (...asked: unknown[]) => unknown = client.query.bind(client);
  Object.assign(client, {
    query(...asked: unknown[]) {
      const answer = query(...asked);
      if (answer instanceof Promise) {
        answer.catch((error: unknown) => {
          if (!(error instanceof DatabaseError)) client.emit("error", error);
        });
      }
      return answer;
    },
  });
}
