import { existsSync } from "node:fs";
import type { Pool } from "pg";
import { createPool } from "../../adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../adapters/postgres/embedded/embedded-postgres.ts";
import type { Database } from "../../config/database.ts";
import { OpsError } from "../../domain/ops-error.ts";

export type OpenPool = { pool: Pool } & AsyncDisposable;

export interface OpenPoolOptions {
  /** Whether a data folder that is not there is made. */
  make?: boolean;
  /** For what reads or writes everything: one connection, and no time limits. */
  whole?: boolean;
}

/**
 * A database, beside a Signalman that may be running on it. The embedded server is joined, or started for as long as this
 * takes. Throws `OpsError`.
 */
export async function openPool(
  database: Database,
  { make = false, whole = false }: OpenPoolOptions = {},
): Promise<OpenPool> {
  await using stack = new AsyncDisposableStack();
  let ending = false;
  const tell = (line: string) => {
    // A server that ends with us breaks what the pool has only begun to close.
    if (!ending) process.stderr.write(`${line}\n`);
  };
  if (database.kind === "embedded" && !make && !existsSync(database.dataFolder)) {
    throw new OpsError(
      "misconfigured",
      `There is no data in ${database.dataFolder}; run this where signalman.yml is, or set DATABASE_URL.`,
    );
  }
  const connection =
    database.kind === "server"
      ? { connectionString: database.url.reveal() }
      : stack.use(await createEmbeddedPostgres({ dataFolder: database.dataFolder, log: () => undefined }))
          .connection;
  const limits = whole ? { max: 1, statement_timeout: 0, query_timeout: 0 } : { max: 2 };
  const pool = createPool({ ...connection, ...limits }, tell);
  stack.defer(() => {
    ending = true;
    return pool.end();
  });
  const undo = stack.move();
  return { pool, [Symbol.asyncDispose]: () => undo.disposeAsync() };
}
