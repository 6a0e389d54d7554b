import { Queue, Worker } from "bullmq";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import { parseRedisUrl, type RedisAddress } from "./parse-redis-url.ts";
import type { QueueBackend, Ring } from "./queue-backend.ts";

export interface RedisConnection {
  kind: "redis";
  /** See `parseRedisUrl` for the forms. */
  url: string;
}

/**
 * A connection on which an answer is overdue has fallen silent: it is cut and made anew. A worker waits up to ten
 * seconds for its next job.
 */
const silence = { ringing: { socketTimeout: 5_000 }, answering: { socketTimeout: 15_000 } };
const connectTimeoutMs = 5_000;
/** One hash slot for all keys: a Redis Cluster runs BullMQ's scripts only on keys of one slot. */
const prefix = "{signalman}";

export async function openRedisBackend(
  { url }: RedisConnection,
  stack: AsyncDisposableStack,
  log: Log,
): Promise<QueueBackend> {
  const address = parseRedisUrl(url);
  const ringing = connect(address, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    ...silence.ringing,
  });
  const answering = connect(address, { maxRetriesPerRequest: null, ...silence.answering });
  for (const client of [ringing, answering]) {
    stack.defer(() => client.disconnect());
    client.on("error", (error: unknown) =>
      log.warn({ intent: "ring", errorClass: "unreachable", err: error }, "The Redis connection failed"),
    );
  }
  await Promise.all([ready(ringing, address), ready(answering, address)]);
  return {
    queue: (name) => new Queue<Ring>(name, { connection: ringing, prefix, skipWaitingForReady: true }),
    worker: (name, answer, settings) =>
      new Worker<Ring>(name, ({ data }) => answer(data), { connection: answering, prefix, ...settings }),
  };
}

/** One connection for a few questions. Throws `OpsError` like `openRedisBackend`. */
export async function openRedisClient(url: string): Promise<{ client: Redis | Cluster } & AsyncDisposable> {
  const address = parseRedisUrl(url);
  const client = connect(address, { maxRetriesPerRequest: 1 });
  client.on("error", () => undefined);
  try {
    await ready(client, address);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
}

type Options = Omit<RedisOptions, "replyMapping">;

function connect(address: RedisAddress, options: Options): Redis | Cluster {
  const { username, password, tls } = address;
  const shared: Options = {
    ...options,
    connectTimeout: connectTimeoutMs,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
  switch (address.kind) {
    case "single": {
      const { host, port } = address.host;
      return new Redis({ ...shared, host, port, db: address.database });
    }
    case "sentinel":
      return new Redis({
        ...shared,
        sentinels: address.hosts,
        name: address.master,
        db: address.database,
        ...(tls && { enableTLSForSentinelMode: true }),
      });
    case "cluster":
      return new Cluster(address.hosts, {
        enableOfflineQueue: options.enableOfflineQueue ?? true,
        redisOptions: shared,
      });
  }
}

/**
 * Throws `OpsError`: `unreachable` when it does not answer in time, `unauthorized` when it refuses the credential, each
 * naming the setting. Once it has been reached, a lost connection is only waited for.
 */
async function ready(client: Redis | Cluster, address: RedisAddress): Promise<void> {
  if (client.status === "ready") return;
  const hosts = (address.kind === "single" ? [address.host] : address.hosts)
    .map(({ host, port }) => `${host}:${port}`)
    .join(", ");
  let last = "no answer";
  await new Promise<void>((resolve, reject) => {
    const fail = (code: OpsErrorCode) =>
      reject(new OpsError(code, `Redis at ${hosts} cannot be used (${last}). Check REDIS_URL.`));
    const timer = setTimeout(() => fail("unreachable"), connectTimeoutMs);
    client.once("ready", () => {
      clearTimeout(timer);
      resolve();
    });
    client.on("error", (error: Error) => {
      last = error.message;
      if (!refused.test(last)) return;
      clearTimeout(timer);
      fail("unauthorized");
    });
  });
}

/** How Redis answers without a password, with a wrong one, and to a user who may not do this. */
const refused = /\b(NOAUTH|WRONGPASS|NOPERM)\b/;
