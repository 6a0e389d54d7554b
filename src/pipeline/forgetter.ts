import type { Log } from "./ports/log.ts";
import type { Store } from "./ports/storage.ts";
import { repeat } from "./repeat.ts";

const everyMs = 3_600_000;
/** Of one statement, so that none locks for long. */
const mostRows = 1000;

/** How long what is no part of the ledger is kept, milliseconds. */
interface Keep {
  /** Redeliveries are known so long. */
  deliveriesMs: number;
  evidenceMs: number;
  transcriptsMs: number;
  outsideChangesMs: number;
}

export interface ForgetterDeps {
  store: Pick<Store, "inbox" | "bodies" | "outsideChanges">;
  keep: Keep;
  log: Log;
}

/**
 * Lets go of what is old: raw deliveries that were understood, evidence, exchanges with models, changes that others told
 * of. What only grows fills a disk. The ledger stays whole, with the hashes of what is gone; what is in quarantine waits
 * for a person.
 */
export function createForgetter({ store, keep, log }: ForgetterDeps): AsyncDisposable {
  const { inbox, bodies, outsideChanges } = store;
  const kinds: readonly [what: string, forget: (limit: number) => Promise<number>][] = [
    ["deliveries", (limit) => inbox.forget(keep.deliveriesMs, limit)],
    ["bodies of evidence", (limit) => bodies.remove("evidence", keep.evidenceMs, limit)],
    ["exchanges with models", (limit) => bodies.remove("transcript", keep.transcriptsMs, limit)],
    ["changes by others", (limit) => outsideChanges.forget(keep.outsideChangesMs, limit)],
  ];
  const end = new AbortController();
  const forget = async () => {
    for (const [what, some] of kinds) {
      let count = 0;
      let gone: number;
      do {
        gone = await some(mostRows);
        count += gone;
      } while (gone === mostRows && !end.signal.aborted);
      if (count > 0) log.info({ intent: "forget", count }, `${count} ${what} of long ago were let go`);
    }
  };
  const repeated = repeat(forget, everyMs, (error) =>
    log.warn({ intent: "forget", err: error }, "What is old could not be let go; it will be tried again"),
  );
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await repeated[Symbol.asyncDispose]();
    },
  };
}
