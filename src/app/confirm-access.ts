import type { FeatBitControls } from "../adapters/featbit/featbit-controls.ts";
import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import type { Config } from "../config/load-config.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { Service } from "../domain/service.ts";
import type { FlagReader } from "../pipeline/ports/flag-platform.ts";
import type { Log } from "../pipeline/ports/log.ts";

/** Long enough for a busy FeatBit, and short enough that whoever starts Signalman is still looking. */
const timeoutMs = 8_000;

/**
 * Asks FeatBit for every environment of the catalogue with every token this process holds, and for the flags of
 * Signalman's own environment. A wrong token, secret or key is for whoever starts Signalman to correct, not for the
 * first incident to find. Throws `OpsError`: retryable only where nothing but FeatBit's absence stands in the way.
 */
export async function confirmAccess(
  { featbit, services, web, worker, executor }: Config,
  controls: FeatBitControls,
  log: Log,
): Promise<void> {
  const tokens = [
    { token: (web ?? worker)?.readToken, tokenSetting: "FEATBIT_READ_TOKEN" },
    { token: executor?.writeToken, tokenSetting: "FEATBIT_WRITE_TOKEN" },
  ];
  const asked = await Promise.allSettled([
    ...tokens.map(async ({ token, tokenSetting }) => {
      if (token === undefined) return;
      const { apiUrl } = featbit;
      const reader = createFeatBitReader({ apiUrl, token: token.reveal(), tokenSetting, timeoutMs, log });
      await confirmToken(reader, tokenSetting, services);
    }),
    controls.confirmSecret(),
  ]);
  const failures = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const lasting = failures.find((failure) => !(failure instanceof OpsError && failure.retryable));
  if (failures.length > 0) throw lasting ?? failures[0];
}

async function confirmToken(
  reader: FlagReader,
  tokenSetting: string,
  services: readonly Service[],
): Promise<void> {
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
