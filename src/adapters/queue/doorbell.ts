import { OpsError } from "../../domain/ops-error.ts";
import type { Stage } from "../../domain/stage.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Doorbell } from "../../pipeline/ports/queue.ts";
import { openPostgresBackend, type PostgresConnection } from "./postgres-backend.ts";
import type { QueueBackend, RingQueue } from "./queue-backend.ts";
import { openRedisBackend, type RedisConnection } from "./redis-backend.ts";

export type DoorbellConnection = PostgresConnection | RedisConnection;

/** A ring is only a hint: better given up than kept waiting for. */
const ringTimeoutMs = 2_000;

/**
 * A timer that fires a moment before its row is due finds nothing to do, and the next look is the sweeper's. Timers
 * of Node and of Redis round down.
 */
const timerSlackMs = 2;

/**
 * A killed worker's job is silent until its lock has run out and a stall check has passed: 3–4 s with these. A job
 * may stall any number of times: how often work is tried is counted in its row, not here.
 */
const stallSettings = { lockDuration: 3_000, stalledInterval: 1_000, maxStalledCount: 1_000_000 };

/** After a lost connection; BullMQ's default is 15 s. */
const runRetryDelay = 250;

/**
 * BullMQ as a doorbell, one queue a stage. Nothing is kept of a job that has ended, in success or failure: an id that
 * is still known would swallow the next ring. Rings coalesce per subject, and one that comes while the subject is
 * being drained makes it drain once more (`keepLastIfActive`). A timer has an id of its own, so that it neither holds
 * back nor is held back by a ring for now. Throws `OpsError` (`unreachable`, `misconfigured`).
 */
export async function createDoorbell(
  connection: DoorbellConnection,
  log: Log,
): Promise<Doorbell & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const backend = await openBackend(connection, opening, log);
  const open = opening.move();
  const queues = new Map<Stage, RingQueue>();

  function queueOf(stage: Stage): RingQueue {
    const known = queues.get(stage);
    if (known !== undefined) return known;
    const queue = backend.queue(nameOf(stage));
    queue.on("error", (error) =>
      log.warn({ stage, intent: "ring", errorClass: "unreachable", err: error }, "The queue failed"),
    );
    queues.set(stage, queue);
    return queue;
  }
  open.defer(async () => {
    await Promise.all([...queues.values()].map((queue) => queue.close()));
  });

  /** A queue remembers for ever that its first connection failed; the next ring gets a new one. */
  function forget(stage: Stage, queue: RingQueue): void {
    if (queues.get(stage) === queue) queues.delete(stage);
    queue.close().catch((error: unknown) => {
      log.debug(
        { stage, intent: "ring", errorClass: "unreachable", err: error },
        "A queue that had failed did not close cleanly",
      );
    });
  }

  return {
    async ring(stage, subject, dueAt) {
      const dueAtMs = dueAt === undefined ? 0 : Date.parse(dueAt);
      const isTimer = dueAtMs > Date.now();
      const name = encodeURIComponent(subject.toWellFormed());
      const queue = queueOf(stage);
      const added = queue.add(
        stage,
        { subject },
        {
          delay: isTimer ? dueAtMs - Date.now() + timerSlackMs : 0,
          removeOnComplete: true,
          removeOnFail: true,
          deduplication: { id: isTimer ? `${name}@${dueAtMs}` : name, keepLastIfActive: true },
        },
      );
      await withinTime(added, stage).catch((error: unknown) => {
        if (error instanceof OpsError && error.code === "unreachable") forget(stage, queue);
        throw error;
      });
    },
    async answer(stage, concurrency, drain) {
      const worker = backend.worker(nameOf(stage), ({ subject }) => drain(subject), {
        ...stallSettings,
        runRetryDelay,
        concurrency,
      });
      worker.on("error", (error) =>
        log.warn({ stage, intent: "answer", errorClass: "unreachable", err: error }, "The queue failed"),
      );
      worker.on("failed", (job, error) =>
        log.warn(
          { stage, intent: `drain ${job?.data.subject ?? "an unknown subject"}`, err: error },
          "Draining ended early; the sweeper rings again",
        ),
      );
      await worker.waitUntilReady();
      return { [Symbol.asyncDispose]: () => worker.close() };
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function openBackend(
  connection: DoorbellConnection,
  stack: AsyncDisposableStack,
  log: Log,
): Promise<QueueBackend> {
  return connection.kind === "redis"
    ? openRedisBackend(connection, stack, log)
    : openPostgresBackend(connection, stack, log);
}

function nameOf(stage: Stage): string {
  return `signalman-${stage}`;
}

async function withinTime(added: Promise<unknown>, stage: Stage): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new OpsError("timeout", `The queue did not take a ring for ${stage} within ${ringTimeoutMs} ms.`),
        ),
      ringTimeoutMs,
    );
  });
  try {
    await Promise.race([added, late]);
  } catch (cause) {
    if (cause instanceof OpsError) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new OpsError("unreachable", `The queue took no ring for ${stage}: ${words}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
