import type { Pool } from "pg";
import { createStore } from "../../adapters/postgres/store.ts";
import type { Database } from "../../config/database.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Store } from "../../pipeline/ports/storage.ts";
import { openPool } from "./open-pool.ts";

export type OpenStore = { store: Store } & AsyncDisposable;

/**
 * The store of an existing database, beside a Signalman that may be running on it. The embedded server is joined, or
 * started for as long as this takes; a data folder that is not there is not made. Throws `OpsError`.
 */
export async function openStore(database: Database): Promise<OpenStore> {
  await using stack = new AsyncDisposableStack();
  const { pool } = stack.use(await openPool(database));
  await refuseWithoutTables(pool);
  const undo = stack.move();
  return { store: createStore(pool), [Symbol.asyncDispose]: () => undo.disposeAsync() };
}

async function refuseWithoutTables(pool: Pool): Promise<void> {
  let found: boolean;
  let isOld: boolean;
  try {
    found = (await pool.query("select 1 where to_regclass('events') is not null")).rowCount === 1;
    isOld = (await pool.query("select 1 where to_regclass('checkpoints') is null")).rowCount === 1;
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
  if (isOld) {
    throw new OpsError(
      "misconfigured",
      'This database was last used by an older Signalman. Run "signalman start" once: it brings the tables up to date.',
    );
  }
}
