import { existsSync } from "node:fs";
import type { PoolConfig } from "pg";
import { createEmbeddedPostgres } from "../../adapters/postgres/embedded/embedded-postgres.ts";
import { createPool } from "../../adapters/postgres/create-pool.ts";
import { createStore } from "../../adapters/postgres/store.ts";
import type { Database } from "../../config/database.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Store } from "../../pipeline/ports/storage.ts";

export type OpenStore = { store: Store } & AsyncDisposable;

/**
 * The store of an existing database, beside a Signalman that may be running on it. The embedded server is joined, or
 * started for as long as this takes; a data folder that is not there is not made. Throws `OpsError`.
 */
export async function openStore(database: Database): Promise<OpenStore> {
  await using stack = new AsyncDisposableStack();
  let connection: PoolConfig;
  if (database.kind === "server") {
    connection = { connectionString: database.url.reveal() };
  } else {
    if (!existsSync(database.dataFolder)) {
      throw new OpsError(
        "misconfigured",
        `There is no data in ${database.dataFolder}; run this where signalman.yml is, or set DATABASE_URL.`,
      );
    }
    connection = stack.use(
      await createEmbeddedPostgres({
        dataFolder: database.dataFolder,
        // Where its binaries lie was said when it was set up; here only the answer counts.
        log: () => undefined,
      }),
    ).connection;
  }
  const pool = createPool({ ...connection, max: 2 }, say);
  stack.defer(() => pool.end());
  await refuseWithoutTables(pool);
  const undo = stack.move();
  return { store: createStore(pool), [Symbol.asyncDispose]: () => undo.disposeAsync() };
}

async function refuseWithoutTables(pool: ReturnType<typeof createPool>): Promise<void> {
  let found: boolean;
  try {
    found = (await pool.query("select 1 where to_regclass('events') is not null")).rowCount === 1;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OpsError("unreachable", `The database cannot be read: ${reason}`, { cause });
  }
  if (!found) {
    throw new OpsError(
      "misconfigured",
      'This database holds no ledger of Signalman; check DATABASE_URL, or run "signalman start" first.',
    );
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
