import type { PoolConfig } from "pg";
import { OpsError } from "../../domain/ops-error.ts";
import { createPool } from "./create-pool.ts";
import { pendingMigrations } from "./migrate.ts";
import { toOpsError } from "./to-ops-error.ts";

/** What a database says of itself. Nothing is made or changed. */
export interface DatabaseFacts {
  /** Such as 180004. */
  versionNumber: number;
  version: string;
  /** Settings that decide whether a commit survives a crash: `fsync`, `synchronous_commit`, `full_page_writes`. */
  durability: Record<string, string>;
  isStandby: boolean;
  /** Names of migrations that the next start applies. */
  pending: string[];
  /** Why the migrations do not fit this Signalman; null: they do. */
  unfit: string | null;
  mayCreateSchema: boolean;
  /** The database's clock less ours, in milliseconds; the way there and back is halved. */
  clockAheadMs: number;
}

/** Throws `OpsError`. */
export async function probeDatabase(connection: PoolConfig, now: () => number): Promise<DatabaseFacts> {
  const pool = createPool({ ...connection, max: 1 }, () => undefined);
  try {
    const client = await pool.connect();
    try {
      const askedAt = now();
      const clock = await client.query<{ ms: string }>(
        "select extract(epoch from clock_timestamp()) * 1000 as ms",
      );
      const halfway = (askedAt + now()) / 2;
      const { rows } = await client.query<Row>(factsQuery);
      const [row] = rows;
      if (row === undefined) throw new Error("a query without from gives one row");
      const migrations = await fitOf(() => pendingMigrations(client));
      return {
        versionNumber: Number(row.version_number),
        version: row.version,
        durability: {
          fsync: row.fsync,
          synchronous_commit: row.synchronous_commit,
          full_page_writes: row.full_page_writes,
        },
        isStandby: row.is_standby,
        mayCreateSchema: row.may_create,
        clockAheadMs: Number(clock.rows[0]?.ms) - halfway,
        ...migrations,
      };
    } finally {
      client.release();
    }
  } catch (error) {
    throw toOpsError(error);
  } finally {
    await pool.end();
  }
}

interface Row {
  version_number: string;
  version: string;
  fsync: string;
  synchronous_commit: string;
  full_page_writes: string;
  is_standby: boolean;
  may_create: boolean;
}

/** Whoever owns the schema may make tables in it without the right to make schemas. */
const factsQuery = `
  select current_setting('server_version_num') as version_number,
         current_setting('server_version') as version,
         current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as synchronous_commit,
         current_setting('full_page_writes') as full_page_writes,
         pg_is_in_recovery() as is_standby,
         has_database_privilege(current_database(), 'CREATE')
           or coalesce((select has_schema_privilege(oid, 'CREATE') from pg_namespace where nspname = 'signalman'), false)
           as may_create`;

async function fitOf(ask: () => Promise<string[]>): Promise<{ pending: string[]; unfit: string | null }> {
  try {
    return { pending: await ask(), unfit: null };
  } catch (error) {
    if (error instanceof OpsError && error.code === "misconfigured")
      return { pending: [], unfit: error.message };
    throw error;
  }
}
