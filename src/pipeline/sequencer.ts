import type { Log } from "./ports/log.ts";
import type { Store } from "./ports/storage.ts";

const everyMs = 500;
const leaseMs = 5_000;
const batch = 500;

/** Gives committed events their gap-free positions. One process at a time does it, by lease. */
export function createSequencer({
  store,
  holder,
  log,
}: {
  store: Store;
  holder: string;
  log: Log;
}): AsyncDisposable {
  let running = Promise.resolve();
  const sequence = async () => {
    if ((await store.leases.take("sequencer", holder, leaseMs)) === null) return;
    while ((await store.ledger.sequence(batch)) === batch);
  };
  const timer = setInterval(() => {
    running = running.then(sequence).catch((error: unknown) => {
      log.warn({ intent: "sequence", err: error }, "Giving positions failed; it will be tried again");
    });
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
      await store.leases.release("sequencer", holder).catch(() => undefined);
    },
  };
}
