import { FbClientBuilder, type IFbClient } from "@featbit/node-server-sdk";
import { OpsError } from "../../domain/ops-error.ts";
import type { FeatBitLog } from "./rest-client.ts";
import { type SdkSocketEvents, takeSocket } from "./sdk-socket.ts";

export interface SdkLinkOptions {
  sdkKey: string;
  streamingUrl: string;
  eventsUrl: string;
  /** Time between pings, in milliseconds; three unanswered ones end a connection. */
  pingMs: number;
  /** First wait before connecting again, in milliseconds; doubled each time, at most 30,000. */
  retryMs: number;
  log: FeatBitLog;
}

/** A client of the official SDK that is replaced by a new one whenever its connection is lost. */
export interface SdkLink extends AsyncDisposable {
  /** The last client that got its flags; null before the first. It evaluates on while the connection is lost. */
  client(): IFbClient | null;
  /** Milliseconds since FeatBit was last heard from by that client. */
  silentMs(): number;
  /** What is wrong with the connection; null while nothing is. */
  problem(): string | null;
  /** Resolves with the first flags, or when disposed of. */
  firstFlags: Promise<void>;
  /** Whether FeatBit refused the key when it was asked last. */
  isRefused(): boolean;
  /** Resolves when the first try to connect has ended, in whatever way. */
  firstTry: Promise<void>;
}

interface Attempt {
  client: IFbClient;
  ping(): void;
  /** Ends the socket only: the client can still evaluate. */
  end(): void;
  lastSignAt: number;
}

const LONGEST_WAIT_MS = 30_000;
/** The close code by which FeatBit refuses an SDK key (contract §3.1). */
const keyRefused = 4003;

/** @throws OpsError `misconfigured` when the SDK cannot be built from these options. */
export function createSdkLink(options: SdkLinkOptions): SdkLink {
  const { log, pingMs } = options;
  const { promise: firstFlags, resolve: flagsCame } = Promise.withResolvers<void>();
  const { promise: firstTry, resolve: firstTryEnded } = Promise.withResolvers<void>();
  let serving: Attempt | null = null;
  let trying: Attempt | null = null;
  let heardAt = 0;
  let lostBecause: string | null = "no connection yet";
  let refused = false;
  let failures = 0;
  let retry: NodeJS.Timeout | null = null;
  let disposed = false;
  const closing = new Set<Promise<void>>();

  function connect(): void {
    retry = null;
    const attempt = open(options, {
      heard: () => {
        attempt.lastSignAt = performance.now();
        // The SDK learns of its flags within the frame; a pong before them proves nothing.
        if (!attempt.client.initialized()) return;
        heardAt = attempt.lastSignAt;
        if (trying === attempt) serve(attempt);
      },
      garbled: () => lose(attempt, "it sent what is not FeatBit's protocol"),
      leftOut: (what) =>
        log.warn(
          { intent: "read controls", errorClass: "bad_answer", what },
          "Left out of the flags: its targeting cannot be read",
        ),
      closed: (code) => {
        refused = code === keyRefused;
        firstTryEnded();
        lose(attempt, closeWords(code));
      },
    });
    trying = attempt;
  }

  function serve(attempt: Attempt): void {
    const previous = serving;
    serving = attempt;
    trying = null;
    failures = 0;
    if (previous !== null) retire(previous);
    if (lostBecause !== null) log.info({ intent: "read controls" }, "FeatBit's streaming server answers");
    lostBecause = null;
    flagsCame();
    refused = false;
    firstTryEnded();
  }

  function lose(attempt: Attempt, because: string): void {
    if (disposed || retry !== null || (attempt !== trying && attempt !== serving)) return;
    attempt.end();
    if (attempt === trying) {
      trying = null;
      retire(attempt);
    } else if (trying !== null) {
      return;
    }
    lostBecause = because;
    const waitMs = Math.min(LONGEST_WAIT_MS, options.retryMs * 2 ** Math.min(failures++, 16));
    log.warn(
      { intent: "read controls", errorClass: "unreachable", because, waitMs },
      "The connection to FeatBit's streaming server is lost; connecting again",
    );
    retry = setTimeout(connect, waitMs);
    retry.unref();
  }

  /** `close` may take a second, for events on their way, and may fail with the server away. */
  function retire(attempt: Attempt): void {
    attempt.end();
    const closed = attempt.client
      .close()
      .catch(() => undefined)
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  const pings = setInterval(() => {
    const live = trying ?? (retry === null ? serving : null);
    if (live === null) return;
    live.ping();
    if (performance.now() - live.lastSignAt > 3 * pingMs) lose(live, "it has gone silent");
  }, pingMs);
  pings.unref();

  connect();
  return {
    client: () => serving?.client ?? null,
    silentMs: () => (serving === null ? Infinity : performance.now() - heardAt),
    problem: () => lostBecause,
    isRefused: () => refused,
    firstFlags,
    firstTry,
    async [Symbol.asyncDispose]() {
      disposed = true;
      clearInterval(pings);
      if (retry !== null) clearTimeout(retry);
      for (const attempt of [trying, serving]) if (attempt !== null) retire(attempt);
      flagsCame();
      firstTryEnded();
      await Promise.all(closing);
    },
  };
}

function open(options: SdkLinkOptions, events: SdkSocketEvents): Attempt {
  let client: IFbClient;
  try {
    client = new FbClientBuilder({ webSocketHandshakeTimeout: 3 * options.pingMs })
      .sdkKey(options.sdkKey)
      .streamingUri(options.streamingUrl)
      .eventsUri(options.eventsUrl)
      .logLevel("none")
      // Its only effects: a promise that stays rejected (nobody asks for it) and a timer that holds the process.
      .startWaitTime(1)
      .build();
  } catch (cause) {
    throw new OpsError(
      "misconfigured",
      "The FeatBit SDK cannot be started: check FEATBIT_STREAMING_URL and FEATBIT_CONTROLS_SECRET.",
      { cause },
    );
  }
  // An emitter without a listener for "error" would end the process.
  client.on("error", () => undefined);
  const socket = takeSocket(client, events);
  return { client, ping: () => socket.ping(), end: () => socket.end(), lastSignAt: performance.now() };
}

function closeWords(code: number): string {
  return code === keyRefused
    ? "it refused the SDK key (4003): check FEATBIT_CONTROLS_SECRET and this machine's clock"
    : `it was closed (${code})`;
}
