import type { PoolConfig } from "pg";
import { createEmbeddedPostgres } from "../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { openSystem, type SystemServer } from "./databases.ts";
import { openRedis, redisBinary, type SingleRedis } from "./redis.ts";
import { workFolder } from "./signalman.ts";
import { systemPostgres } from "./system-postgres.ts";

/** Where Signalman keeps things: the database that came along, a PostgreSQL of its own, or that and Redis for the queue. */
export const stores = ["embedded", "postgres", "redis"] as const;
export type StoreName = (typeof stores)[number];

/** A folder and an empty database for one arm; all gone at the end. */
export interface Place extends AsyncDisposable {
  folder: string;
  dataFolder: string;
  /** The variables that point Signalman at what it does not bring along. */
  env: Record<string, string>;
  /** Null for the database that came along. */
  postgres: SystemServer | null;
  redis: SingleRedis | null;
  /** The database, started if it is the embedded one and does not run yet, else joined. */
  connect(): Promise<PoolConfig>;
}

export async function openPlace(store: StoreName): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const { path, dataFolder } = folder;
  let env: Record<string, string> = {};
  let connection: PoolConfig | null = null;
  let postgres: SystemServer | null = null;
  let redis: SingleRedis | null = null;
  if (store !== "embedded") {
    const binaries = systemPostgres();
    if (binaries === undefined)
      throw new Error(`--store ${store} needs PostgreSQL's programs; install postgresql`);
    postgres = stack.use(await openSystem(binaries));
    connection = await postgres.database();
    env = { DATABASE_URL: urlOf(connection) };
  }
  if (store === "redis") {
    const binary = redisBinary();
    if (binary === undefined) throw new Error("--store redis needs redis-server; install redis");
    redis = stack.use(await openRedis(binary));
    env = { ...env, REDIS_URL: redis.url };
  }
  const owned = stack.move();
  return {
    folder: path,
    dataFolder,
    env,
    postgres,
    redis,
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
