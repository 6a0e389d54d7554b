import type { PoolConfig } from "pg";
import { createEmbeddedPostgres } from "../adapters/postgres/embedded/embedded-postgres.ts";
import type { Database } from "../config/database.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { Log } from "../pipeline/ports/log.ts";

/** The server of the settings, or the one that came along, which then ends with `stack`. */
export async function openDatabase(
  database: Database,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<PoolConfig> {
  if (database.kind === "server") return { connectionString: database.url.reveal() };
  const embedded = stack.use(
    await createEmbeddedPostgres({
      dataFolder: database.dataFolder,
      log: (line) => log.info({ intent: "run the database" }, line),
    }),
  );
  return embedded.connection;
}

/** The address itself is not repeated: it usually holds a password. */
export function withRemedy(error: unknown): unknown {
  if (!(error instanceof OpsError) || (error.code !== "unreachable" && error.code !== "timeout"))
    return error;
  return new OpsError(
    error.code,
    `${error.message}. Check DATABASE_URL and that its server runs, or unset it to use the PostgreSQL that came along.`,
    { cause: error },
  );
}
