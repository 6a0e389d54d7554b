import { later } from "../domain/ids.ts";
import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { Store } from "./ports/storage.ts";

/** Rings again for every row that is due, or soon due, and that nobody holds. */
export function createSweeper({
  store,
  doorbell,
  everyMs,
  log,
}: {
  store: Store;
  doorbell: Doorbell;
  everyMs: number;
  log: Log;
}): AsyncDisposable {
  let sweeping = Promise.resolve();
  const sweep = async () => {
    const now = await store.now();
    const [rows, sources] = await Promise.all([
      store.work.waiting(later(now, 2 * everyMs), 1000),
      store.inbox.waitingSources(),
    ]);
    for (const { stage, subject, dueAt } of rows)
      await doorbell.ring(stage, subject, dueAt > now ? dueAt : undefined);
    for (const source of sources) await doorbell.ring("intake", source);
  };
  const run = () => {
    sweeping = sweep().catch((error: unknown) =>
      log.warn({ intent: "sweep", err: error }, "Sweeping failed; it will be tried again"),
    );
  };
  run();
  const timer = setInterval(run, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
