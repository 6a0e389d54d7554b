import type { Log } from "./ports/log.ts";
import type { Store } from "./ports/storage.ts";
import { repeat } from "./repeat.ts";

/** Raw deliveries that were understood are kept so long, and redeliveries of them are known. */
const keepMs = 30 * 86_400_000;
const everyMs = 3_600_000;
/** Of one statement, so that none locks for long. */
const mostRows = 1000;

/**
 * Lets go of raw deliveries that were understood long ago: an inbox that only grows fills a disk. What they led to is
 * in the ledger; what is in quarantine waits for a person.
 */
export function createForgetter({ store, log }: { store: Pick<Store, "inbox">; log: Log }): AsyncDisposable {
  const end = new AbortController();
  const forget = async () => {
    let count = 0;
    let gone: number;
    do {
      gone = await store.inbox.forget(keepMs, mostRows);
      count += gone;
    } while (gone === mostRows && !end.signal.aborted);
    if (count > 0) log.info({ intent: "forget", count }, `${count} deliveries of long ago were let go`);
  };
  const repeated = repeat(forget, everyMs, (error) =>
    log.warn({ intent: "forget", err: error }, "Old deliveries could not be let go; it will be tried again"),
  );
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await repeated[Symbol.asyncDispose]();
    },
  };
}
