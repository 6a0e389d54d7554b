import { later } from "../domain/ids.ts";
import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { Store } from "./ports/storage.ts";
import { repeat } from "./repeat.ts";

/** Of each stage, so that a crowd of one does not keep the others from being rung. */
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
    let failed = 0;
    let reason: unknown;
    // One that cannot be rung must not keep the rest from it.
    const ring: Doorbell["ring"] = (...args) =>
      doorbell.ring(...args).catch((error: unknown) => {
        failed += 1;
        reason = error;
      });
    for (const source of sources) await ring("intake", source);
    for (const { stage, subject, dueAt } of rows) {
      await ring(stage, subject, dueAt > now ? dueAt : undefined);
    }
    if (failed > 0) {
      const all = sources.length + rows.length;
      log.warn(
        { intent: "sweep", err: reason },
        `${failed} of ${all} doorbells could not be rung; the next sweep tries again`,
      );
    }
  };
  return repeat(sweep, everyMs, (error) =>
    log.warn({ intent: "sweep", err: error }, "Sweeping failed; it will be tried again"),
  );
}
