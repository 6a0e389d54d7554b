import type { World } from "../../../src/sandbox/world/create-world.ts";
import { createFaultProxy, type FaultProxy } from "./fault-proxy.ts";
import type { Lane } from "./lane.ts";
import type { Pointing } from "./trial.ts";

/** A proxy before every system that Signalman asks. */
export interface Between {
  /** The Web API, and apart from it the address of the socket, as with Slack itself. */
  slack: FaultProxy;
  slackSocket: FaultProxy;
  /** FeatBit's REST API. */
  featbit: FaultProxy;
  /** FeatBit's evaluation server, to which the SDK keeps a socket. */
  featbitStream: FaultProxy;
  prometheus: FaultProxy;
  /** Null in a world without a model. */
  model: FaultProxy | null;
  /** Null for the database that came along, whose socket lies in the data folder. */
  postgres: FaultProxy | null;
  redis: FaultProxy | null;
}

const placed = new WeakMap<World, Between>();

export function betweenOf({ world }: Pick<Lane, "world">): Between {
  const between = placed.get(world);
  if (between === undefined) throw new Error("nothing was put between this world and Signalman");
  return between;
}

/** Points Signalman at a proxy before each system; `point` of a kind of lane. */
export async function putBetween({ world, settings, env, stack }: Pointing): Promise<void> {
  const before = async (real: string, named?: string) => stack.use(await createFaultProxy(real, named));
  const beforeVariable = async (name: string): Promise<FaultProxy | null> => {
    const real = env[name];
    if (real === undefined) return null;
    const proxy = await before(real);
    env[name] = proxy.url;
    return proxy;
  };
  const slackSocket = await before(world.slack.baseUrl);
  const slack = await before(world.slack.apiUrl, slackSocket.url);
  const featbit = await before(world.featbit.apiUrl);
  const featbitStream = await before(world.featbit.evaluationUrl);
  const prometheus = await before(world.prometheus.url);
  const model = world.model === null ? null : await before(world.model.baseUrl);

  const set = (section: string, values: Record<string, unknown>) => {
    settings[section] = { ...Object(settings[section]), ...values };
  };
  set("slack", { apiUrl: slack.url });
  set("featbit", {
    apiUrl: featbit.url,
    streamingUrl: featbitStream.url.replace("http", "ws"),
    eventsUrl: featbitStream.url,
  });
  set("prometheus", { url: prometheus.url, timeoutMs: 1_000 });
  if (model !== null) set("model", { baseUrl: model.url, timeoutMs: 1_500 });
  placed.set(world, {
    slack,
    slackSocket,
    featbit,
    featbitStream,
    prometheus,
    model,
    postgres: await beforeVariable("DATABASE_URL"),
    redis: await beforeVariable("REDIS_URL"),
  });
}

/** Takes every fault away and lets everybody listen again. */
export async function mendAll(lane: Pick<Lane, "world">): Promise<void> {
  const proxies: readonly (FaultProxy | null)[] = Object.values(betweenOf(lane));
  await Promise.all(proxies.map((proxy) => proxy?.mend() ?? Promise.resolve()));
}
