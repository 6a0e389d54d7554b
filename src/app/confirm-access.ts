import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import type { Config } from "../config/load-config.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { Log } from "../pipeline/ports/log.ts";

/** Long enough for a busy FeatBit, and short enough that whoever starts Signalman is still looking. */
const timeoutMs = 8_000;

/**
 * Asks FeatBit for every environment of the catalogue with every token this process holds. A wrong token, address or
 * key is for whoever starts Signalman to correct, not for the first incident to find. Throws `OpsError`.
 */
export async function confirmAccess(
  { featbit, services, web, worker, executor }: Config,
  log: Log,
): Promise<void> {
  const tokens = [
    { token: (web ?? worker)?.readToken, tokenSetting: "FEATBIT_READ_TOKEN" },
    { token: executor?.writeToken, tokenSetting: "FEATBIT_WRITE_TOKEN" },
  ];
  for (const { token, tokenSetting } of tokens) {
    if (token === undefined) continue;
    const { apiUrl } = featbit;
    const reader = createFeatBitReader({ apiUrl, token: token.reveal(), tokenSetting, timeoutMs, log });
    for (const service of services) {
      for (const keys of Object.values(service.environments)) {
        await reader.refOf(keys, "").catch((error: unknown) => {
          if (!(error instanceof OpsError) || error.code !== "not_found") throw error;
          throw new OpsError(
            "misconfigured",
            `The service "${service.name}" cannot be looked after with ${tokenSetting}: ${error.message}`,
            { cause: error },
          );
        });
      }
    }
  }
}
