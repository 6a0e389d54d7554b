import type { PoolConfig } from "pg";
import { createDoorbell } from "../adapters/queue/doorbell.ts";
import type { Queue } from "../config/queue.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { Log } from "../pipeline/ports/log.ts";
import type { Doorbell } from "../pipeline/ports/queue.ts";
import { type Reached, reachOutside } from "./reach-outside.ts";

type Answer = Parameters<Doorbell["answer"]>;

/**
 * The queue of the settings. A Redis that is away at the start is joined when it is there: until then rows wait for
 * the sweeper. The queue in the database has no such state: without the database there is no start.
 */
export async function openDoorbell(
  queue: Queue,
  database: PoolConfig,
  log: Log,
): Promise<Doorbell & Reached> {
  if (queue.kind === "database") {
    const doorbell = await createDoorbell({ kind: "postgres", connection: database }, log);
    return { ...doorbell, missing: () => [] };
  }
  const url = queue.url.reveal();
  let there: Doorbell | null = null;
  const waiting = new Set<(doorbell: Doorbell) => Promise<AsyncDisposable>>();
  const reached = await reachOutside(
    "Redis",
    async (own) => {
      const doorbell = own.use(await createDoorbell({ kind: "redis", url }, log));
      for (const begin of waiting) own.use(await begin(doorbell));
      there = doorbell;
    },
    log,
  );
  return {
    ...reached,
    async ring(...ring) {
      if (there === null) throw new OpsError("unreachable", "Redis has not been joined yet.");
      await there.ring(...ring);
    },
    answer: async (...answer: Answer) => (there === null ? answerLater(answer) : there.answer(...answer)),
  };

  function answerLater(answer: Answer): AsyncDisposable {
    let answering: AsyncDisposable | null = null;
    const begin = async (doorbell: Doorbell) => {
      answering = await doorbell.answer(...answer);
      return answering;
    };
    waiting.add(begin);
    return {
      async [Symbol.asyncDispose]() {
        waiting.delete(begin);
        await answering?.[Symbol.asyncDispose]();
      },
    };
  }
}
