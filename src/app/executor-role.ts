import { randomBytes } from "node:crypto";
import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import { createFeatBitWriter } from "../adapters/featbit/featbit-writer.ts";
import type { ExecutorConfig } from "../config/load-config.ts";
import { idTail } from "../domain/ids.ts";
import type { ExecuteDeps } from "../pipeline/execute.ts";
import { lateIdentity } from "./late-identity.ts";
import { leaseMs, type Shared, writeTimeoutMs } from "./shared.ts";

/** Carrying out approved plans: the only role with FeatBit's write token. */
export function executorDeps(part: ExecutorConfig, shared: Shared): ExecuteDeps {
  const { config, documents, store, controls, guard, log } = shared;
  const identity = lateIdentity(part.slack, documents.governance.roles, log);
  // Where there is no door to open first, neither does the first change to carry out wait for it.
  if (config.web === undefined) identity.load();
  const platform = { apiUrl: config.featbit.apiUrl, token: part.writeToken.reveal(), log };
  return {
    store,
    controls,
    guard,
    rulebook: documents.governance,
    identity,
    flags: createFeatBitReader({ ...platform, tokenSetting: "FEATBIT_WRITE_TOKEN" }),
    writer: createFeatBitWriter({ ...platform, timeoutMs: writeTimeoutMs }),
    newOperationId: () => `OP-${idTail(randomBytes(10))}`,
    leaseMs,
    verifyAfterMs: config.timing.verifyAfterMs,
    settleMs: writeTimeoutMs,
  };
}
