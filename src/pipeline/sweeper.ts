import { later } from "../domain/ids.ts";
import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { Store } from "./ports/storage.ts";
import { repeat } from "./repeat.ts";

const mostRows = 1000;

/**
 * Rings again for every row that is due, or will be before the sweep after the next, and that nobody holds: rings
 * that were lost, timers of before a restart, rows whose worker has died. A ring too many costs one look.
 */
export function createSweeper({
  store,
  doorbell,
  everyMs,
  log,
}: {
  store: Store;
  doorbell: Pick<Doorbell, "ring">;
  everyMs: number;
  log: Log;
}): AsyncDisposable {
  const sweep = async () => {
    const now = await store.now();
    const [rows, sources] = await Promise.all([
      store.work.waiting(later(now, 2 * everyMs), mostRows),
      store.inbox.waitingSources(),
    ]);
    for (const source of sources) await doorbell.ring("intake", source);
    for (const { stage, subject, dueAt } of rows) {
      await doorbell.ring(stage, subject, dueAt > now ? dueAt : undefined);
    }
  };
  return repeat(sweep, everyMs, (error) =>
    log.warn({ intent: "sweep", err: error }, "Sweeping failed; it will be tried again"),
  );
}
