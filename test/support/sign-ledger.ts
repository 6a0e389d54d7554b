import { createNotary } from "../../src/adapters/notary/create-notary.ts";
import { createCheckpointer } from "../../src/pipeline/checkpointer.ts";
import type { Store } from "../../src/pipeline/ports/storage.ts";
import { until } from "./until.ts";

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Signs all that has a position, into the database and into the folder, as the role `web` does while it runs. */
export async function signLedger(store: Store, folder: string, timeoutMs = 15_000): Promise<void> {
  const notary = await createNotary({ keyFile: null, folder });
  const size = await store.ledger.size();
  await using made = createCheckpointer({ store, notary, holder: "signer", announced: false, log: silent });
  await until(
    `a checkpoint of ${size} entries`,
    async () => {
      const fault = made.fault();
      if (fault !== null) throw new Error(fault);
      return (await store.checkpoints.newest())?.size === size;
    },
    { timeoutMs },
  );
}
