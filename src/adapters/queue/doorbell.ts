import { type ConnectionOptions, Queue, type QueueOptions, runMigrations, Worker } from "bullmq";
import { createPostgresBackend } from "bullmq";
import { Redis } from "ioredis";
import { Client, type PoolConfig } from "pg";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Doorbell } from "../../pipeline/ports/queue.ts";
import type { Stage } from "../../domain/stage.ts";

export type DoorbellConnection =
  { kind: "postgres"; connection: PoolConfig } | { kind: "redis"; url: string };

export async function createDoorbell(
  connection: DoorbellConnection,
  log: Log,
): Promise<Doorbell & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const backend = await backendOf(connection, stack);
  const queues = new Map<Stage, Queue>();
  const queueOf = (stage: Stage): Queue => {
    const known = queues.get(stage);
    if (known !== undefined) return known;
    const queue = new Queue(`signalman-${stage}`, ...backend());
    queue.on("error", (error) =>
      log.warn({ stage, intent: "ring", err: error }, "The queue connection failed"),
    );
    queues.set(stage, queue);
    stackOwned.defer(() => queue.close());
    return queue;
  };
  const stackOwned = stack.move();
  return {
    async ring(stage, subject, dueAt) {
      const delay = dueAt === undefined ? 0 : Math.max(0, Date.parse(dueAt) - Date.now());
      const id = delay > 0 ? `${subject}/${Date.parse(dueAt ?? "")}` : subject;
      await queueOf(stage).add(
        stage,
        { subject },
        {
          delay,
          removeOnComplete: true,
          removeOnFail: true,
          deduplication: { id: id.replaceAll(":", "_"), keepLastIfActive: true },
        },
      );
    },
    async answer(stage, concurrency, drain) {
      const [options, factory] = backend();
      const worker = new Worker<{ subject: string }>(
        `signalman-${stage}`,
        async (job) => drain(job.data.subject),
        { ...options, concurrency, lockDuration: 3000, stalledInterval: 1000, maxStalledCount: 1_000_000 },
        factory,
      );
      worker.on("error", (error) =>
        log.warn({ stage, intent: "answer", err: error }, "The queue connection failed"),
      );
      await worker.waitUntilReady();
      return { [Symbol.asyncDispose]: () => worker.close() };
    },
    [Symbol.asyncDispose]: () => stackOwned.disposeAsync(),
  };
}

async function backendOf(
  connection: DoorbellConnection,
  stack: AsyncDisposableStack,
): Promise<() => [QueueOptions, never?]> {
  if (connection.kind === "redis") {
    const redis = new Redis(connection.url, { maxRetriesPerRequest: null });
    stack.defer(() => redis.disconnect());
    return () => [{ connection: redis }];
  }
  const client = new Client(connection.connection);
  await client.connect();
  try {
    await runMigrations(client, "bullmq");
  } finally {
    await client.end();
  }
  return () => [
    { connection: { ...connection.connection, schema: "bullmq" } as unknown as ConnectionOptions },
    createPostgresBackend as never,
  ];
}
