import { Pool, type PoolConfig } from "pg";

/**
 * Connections for the store. `search_path` is ours alone, so no table of another application is ever met.
 * Idle connections that break are only logged: the next query opens a fresh one.
 */
export function createPool(connection: PoolConfig, log: (line: string) => void): Pool {
  const pool = new Pool({
    max: 10,
    connectionTimeoutMillis: 5_000,
    query_timeout: 15_000,
    statement_timeout: 10_000,
    application_name: "signalman",
    keepAlive: true,
    ...connection,
    options: `${connection.options ?? ""} -c search_path=signalman`.trim(),
  });
  pool.on("error", (error) => log(`an idle database connection broke: ${error.message}`));
  // A connection in use that breaks between two queries would else end the process; its next query fails anyway.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}
