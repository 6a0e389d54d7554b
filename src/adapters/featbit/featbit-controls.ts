import type { IFbClient } from "@featbit/node-server-sdk";
import { controlFlags } from "../../domain/policy/control-flags.ts";
import { type ControlReading, safeControls } from "../../domain/policy/controls.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Controls } from "../../pipeline/ports/controls.ts";
import { defaultText, type Evaluated, readControls } from "./read-controls.ts";
import type { FeatBitLog } from "./rest-client.ts";
import { createSdkLink } from "./sdk-link.ts";

export interface FeatBitControlsOptions {
  /** Server secret of the environment that holds Signalman's own flags; null: the safe controls always stand. */
  sdkKey: string | null;
  /** Base of the evaluation server, ws(s) or http(s), without `/streaming`. */
  streamingUrl: string;
  /** Where the SDK reports evaluations to; the streaming address over HTTP unless told. */
  eventsUrl?: string | undefined;
  log: FeatBitLog;
  /** How long a reading waits for the first flags after the start; 5,000 unless told. */
  startWaitMs?: number | undefined;
  /** Silence after which the last known flags no longer count; 60,000 unless told. */
  staleAfterMs?: number | undefined;
  /** First wait before connecting again; 1,000 unless told. */
  retryMs?: number | undefined;
}

export interface FeatBitControls extends Controls, AsyncDisposable {
  /**
   * Waits until the first connection stands or fails. While FeatBit is away the safe controls stand.
   * @throws OpsError `unauthorized` when FeatBit refuses the secret, `unreachable` when no flags have come yet.
   */
  confirmSecret(): Promise<void>;
}

/**
 * Signalman's own flags, evaluated by the official SDK. While FeatBit has never answered, or was not heard from for
 * `staleAfterMs`, the safe controls stand. What the SDK does not tell, and nobody here can: an archived flag
 * evaluates as before, a deleted one until the next connection, rules with a regular expression or with Contains on
 * an attribute are wrong or throw (then the safe default of that control stands) — see the contract, §3.4. Switch a
 * control off by what it serves, not by archiving it.
 * @throws OpsError `misconfigured` when the SDK cannot be built from these options.
 */
export function createFeatBitControls(options: FeatBitControlsOptions): FeatBitControls {
  const { sdkKey, log } = options;
  if (sdkKey === null || sdkKey.trim() === "") {
    return {
      read: async () => standing("FEATBIT_CONTROLS_SECRET is not set"),
      confirmSecret: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const staleAfterMs = options.staleAfterMs ?? 60_000;
  const link = createSdkLink({
    sdkKey: sdkKey.trim(),
    streamingUrl: options.streamingUrl,
    eventsUrl: options.eventsUrl ?? options.streamingUrl.replace(/^ws/, "http"),
    // Three unanswered pings and a first return fit into the time after which flags no longer count.
    pingMs: Math.max(20, Math.min(15_000, Math.floor(staleAfterMs / 5))),
    retryMs: options.retryMs ?? 1_000,
    log,
  });
  const waited = new AbortController();
  const timer = setTimeout(() => waited.abort(), options.startWaitMs ?? 5_000);
  timer.unref();
  const enough = new Promise<void>((resolve) => waited.signal.addEventListener("abort", () => resolve()));

  function usable(): { client: IFbClient } | { why: string } {
    const client = link.client();
    const problem = link.problem() ?? "its connection is silent";
    if (client === null) return { why: `FeatBit has not answered yet: ${problem}` };
    const silentMs = link.silentMs();
    if (silentMs <= staleAfterMs) return { client };
    return { why: `FeatBit was not heard from for ${Math.round(silentMs / 1000)} s: ${problem}` };
  }

  return {
    async read(context) {
      await Promise.race([link.firstFlags, enough]);
      const now = usable();
      return "why" in now ? standing(now.why) : readControls(now.client, context);
    },
    async confirmSecret() {
      await Promise.race([link.firstTry, enough]);
      if (link.client() !== null) return;
      if (link.isRefused()) {
        throw new OpsError(
          "unauthorized",
          "FeatBit refused the SDK secret of Signalman's own environment: set FEATBIT_CONTROLS_SECRET to a server secret of it, and check this machine's clock.",
        );
      }
      throw new OpsError(
        "unreachable",
        `FeatBit's evaluation server has sent no flags yet (${link.problem() ?? "no answer"}). Check FEATBIT_STREAMING_URL.`,
      );
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      waited.abort();
      await link[Symbol.asyncDispose]();
    },
  };
}

/** The safe controls, saying for each why it stands. */
function standing(reason: string): ControlReading {
  const evaluations: Evaluated[] = controlFlags.map(({ name, key }) => ({
    key,
    value: defaultText(name, safeControls),
    reason: `${reason}; the safe default stands`,
  }));
  return { ...safeControls, deniedTools: [...safeControls.deniedTools], evaluations };
}
