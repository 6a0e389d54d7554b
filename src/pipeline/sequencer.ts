import type { Log } from "./ports/log.ts";
import type { Store } from "./ports/storage.ts";
import { repeat } from "./repeat.ts";

const everyMs = 500;
const leaseMs = 5_000;
const batch = 500;

/**
 * Gives committed events their gap-free positions. One process at a time does it, by lease; where there is nothing to
 * do none is taken, so that an idle system writes nothing.
 */
export function createSequencer({
  store,
  holder,
  log,
}: {
  store: Pick<Store, "ledger" | "leases">;
  holder: string;
  log: Log;
}): AsyncDisposable {
  const sequence = async () => {
    while ((await store.ledger.unsequenced()) > 0) {
      if ((await store.leases.take("sequencer", holder, leaseMs)) === null) return;
      await store.ledger.sequence(batch);
    }
  };
  const repeated = repeat(sequence, everyMs, (error) =>
    log.warn({ intent: "sequence", err: error }, "Giving positions failed; it will be tried again"),
  );
  return {
    async [Symbol.asyncDispose]() {
      await repeated[Symbol.asyncDispose]();
      // Another may take it at once instead of when it runs out.
      await store.leases.release("sequencer", holder).catch(() => undefined);
    },
  };
}
