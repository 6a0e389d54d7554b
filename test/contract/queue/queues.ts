import { Redis } from "ioredis";
import { Client, type PoolConfig } from "pg";
import type { DoorbellConnection } from "../../../src/adapters/queue/doorbell.ts";
import type { Log } from "../../../src/pipeline/ports/log.ts";
import { availableDatabases } from "../../support/databases.ts";
import { openRedis, redisBinary } from "../../support/redis.ts";

export interface OpenQueue extends AsyncDisposable {
  connection: DoorbellConnection;
  /** Cuts every connection, as a restart of the store does. */
  sever(): Promise<void>;
}

export interface TestQueue {
  title: string;
  open: () => Promise<OpenQueue>;
}

/** The stores behind the doorbell that this machine has. */
export function availableQueues(): TestQueue[] {
  const queues: TestQueue[] = availableDatabases().map(({ title, open }) => ({
    title,
    async open() {
      const server = await open();
      const database = await server.database();
      return {
        connection: { kind: "postgres", connection: database },
        sever: () => severPostgres(database),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  }));
  const redis = redisBinary();
  if (redis === undefined) return queues;
  const open = async () => {
    const server = await openRedis(redis);
    return {
      connection: { kind: "redis" as const, url: server.url },
      sever: () => severRedis(server.url),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
  return [...queues, { title: "Redis", open }];
}

async function severPostgres(database: PoolConfig): Promise<void> {
  const client = new Client(database);
  await client.connect();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await client.end();
}

async function severRedis(url: string): Promise<void> {
  const client = new Redis(url);
  await client.call("CLIENT", "KILL", "TYPE", "normal");
  client.disconnect();
}

export const silent: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(): void {
  // nobody listens
}
