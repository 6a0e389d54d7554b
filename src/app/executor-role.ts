import { randomBytes } from "node:crypto";
import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import { createFeatBitWriter } from "../adapters/featbit/featbit-writer.ts";
import { createIdentity } from "../adapters/slack/identity.ts";
import type { ExecutorConfig } from "../config/load-config.ts";
import { idTail } from "../domain/ids.ts";
import type { ExecuteDeps } from "../pipeline/execute.ts";
import type { Controls } from "../pipeline/ports/controls.ts";
import { leaseMs, type Shared, writeTimeoutMs } from "./shared.ts";

/** Carrying out approved plans: the only role with FeatBit's write token. */
export function executorDeps(part: ExecutorConfig, controls: Controls, shared: Shared): ExecuteDeps {
  const { config, documents, store, log } = shared;
  const platform = { apiUrl: config.featbit.apiUrl, token: part.writeToken.reveal(), log };
  return {
    store,
    controls,
    rulebook: documents.governance,
    identity: createIdentity({
      botToken: part.slack.botToken.reveal(),
      apiUrl: part.slack.apiUrl,
      roles: documents.governance.roles,
      log,
    }),
    flags: createFeatBitReader({ ...platform, tokenSetting: "FEATBIT_WRITE_TOKEN" }),
    writer: createFeatBitWriter({ ...platform, timeoutMs: writeTimeoutMs }),
    newOperationId: () => `OP-${idTail(randomBytes(10))}`,
    leaseMs,
    verifyAfterMs: config.timing.verifyAfterMs,
    settleMs: writeTimeoutMs,
  };
}
