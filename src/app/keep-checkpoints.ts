import { randomUUID } from "node:crypto";
import { createNotary } from "../adapters/notary/create-notary.ts";
import type { WebConfig } from "../config/load-config.ts";
import { type Checkpointer, createCheckpointer } from "../pipeline/checkpointer.ts";
import type { Shared } from "./shared.ts";

/** Signing what the ledger holds, in the only role that has the key. Throws `OpsError` where the key cannot be used. */
export async function keepCheckpoints(
  { ledger, slack }: WebConfig,
  { store, log, stack }: Shared,
): Promise<Checkpointer> {
  const notary = await createNotary(ledger);
  const announced = slack.opsChannel !== null;
  return stack.use(createCheckpointer({ store, notary, holder: randomUUID(), announced, log }));
}
