import type { PoolConfig } from "pg";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { availableDatabases } from "../../support/databases.ts";
import { openRedis, redisBinary } from "../../support/redis.ts";
import { workFolder } from "../../support/signalman.ts";
import type { StoreName } from "./bench.ts";

/** A folder and an empty database for one arm; all gone at the end. */
export interface Place extends AsyncDisposable {
  folder: string;
  dataFolder: string;
  /** The variables that point Signalman at what it does not bring along. */
  env: Record<string, string>;
  /** The database, started if it is the embedded one and does not run yet, else joined. */
  connect(): Promise<PoolConfig>;
}

export async function openPlace(store: StoreName): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const { path, dataFolder } = folder;
  let env: Record<string, string> = {};
  let connection: PoolConfig | null = null;
  if (store !== "embedded") {
    const system = availableDatabases().find(({ title }) => title === "system PostgreSQL");
    if (system === undefined)
      throw new Error(`--store ${store} needs PostgreSQL's programs; install postgresql`);
    const server = stack.use(await system.open());
    connection = await server.database();
    env = { DATABASE_URL: urlOf(connection) };
  }
  if (store === "redis") {
    const binary = redisBinary();
    if (binary === undefined) throw new Error("--store redis needs redis-server; install redis");
    env = { ...env, REDIS_URL: stack.use(await openRedis(binary)).url };
  }
  const owned = stack.move();
  return {
    folder: path,
    dataFolder,
    env,
    async connect() {
      connection ??= owned.use(await createEmbeddedPostgres({ dataFolder, log: () => undefined })).connection;
      return connection;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A server on a Unix socket has its folder behind the question mark. */
function urlOf({ host = "", user = "", database = "" }: PoolConfig): string {
  return `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
}
