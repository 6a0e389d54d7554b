import { FbClientBuilder, type IFbClient, type IUser } from "@featbit/node-server-sdk";

/** Where the official SDK gets its flags: an evaluation server, or a data-sync document (offline, for tests). */
export type FlagConnection =
  { sdkKey: string; streamingUri: string; eventsUri?: string } | { offlineDocument: string };

export type FlagEvaluator = AsyncDisposable & {
  stringValue(flagKey: string, user: IUser, fallback: string): Promise<string>;
  booleanValue(flagKey: string, user: IUser, fallback: boolean): Promise<boolean>;
};

/**
 * The official FeatBit server SDK, as a service would hold it.
 * @throws Error when no flags arrive within `startWaitMs`.
 */
export async function createFlagEvaluator(
  connection: FlagConnection,
  startWaitMs = 20_000,
): Promise<FlagEvaluator> {
  const client = build(connection, startWaitMs);
  // An emitter without a listener for "error" would bring the process down; a missing flag is reported that way too.
  client.on("error", () => undefined);
  if (!(await becomesReady(client, startWaitMs))) {
    await client.close();
    const from = "streamingUri" in connection ? connection.streamingUri : "the offline document";
    throw new Error(
      `the FeatBit SDK got no flags from ${from} in ${startWaitMs} ms: check the address and the SDK key`,
    );
  }
  return {
    stringValue: (flagKey, user, fallback) =>
      orFallback(() => client.stringVariation(flagKey, user, fallback), fallback),
    booleanValue: (flagKey, user, fallback) =>
      orFallback(() => client.boolVariation(flagKey, user, fallback), fallback),
    // Not waited for: the SDK looks only once a second whether it is to end, and nobody reads what it still has to tell.
    [Symbol.asyncDispose]: async () => void client.close(),
  };
}

function build(connection: FlagConnection, startWaitMs: number): IFbClient {
  const builder = new FbClientBuilder().logLevel("none").startWaitTime(startWaitMs);
  if ("offlineDocument" in connection) {
    return builder.offline(true).useJsonBootstrapProvider(connection.offlineDocument).build();
  }
  const { sdkKey, streamingUri, eventsUri } = connection;
  builder.sdkKey(sdkKey).streamingUri(streamingUri);
  return (eventsUri === undefined ? builder.disableEvents(true) : builder.eventsUri(eventsUri)).build();
}

/** `waitForInitialization` stays rejected once it was late, even when flags arrive after all; the event does not. */
async function becomesReady(client: IFbClient, withinMs: number): Promise<boolean> {
  if (client.initialized()) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), withinMs);
  client.once("ready", () => resolve(true));
  const ready = await promise;
  clearTimeout(timer);
  return ready;
}

/** Some rule operators throw out of the SDK instead of giving the default. */
async function orFallback<T>(evaluate: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await evaluate();
  } catch {
    return fallback;
  }
}
