import { createDraws, type Draws } from "./draws.ts";
import type { FlagEvaluator } from "./flag-evaluator.ts";
import { createPopulation, type SyntheticUser } from "./population.ts";

/** One kind of request, standing for `weight` requests alike, served at `at` (Unix milliseconds). */
export type ServedRequest = {
  user: SyntheticUser;
  variation: string;
  weight: number;
  at: number;
  draws: Draws;
};

/** What makes one service differ from another. */
export type ServiceBehaviour = {
  /** Asks the SDK which variation this user gets. */
  evaluate(flags: FlagEvaluator, user: SyntheticUser): Promise<string>;
  /** Serves one request and records its metrics. */
  serve(request: ServedRequest): void;
  /** Writes the metrics out at `at`. */
  publish(at: number): void;
};

export type ServicePace = {
  clock?: () => number;
  /** How often requests are served while running; default 250 ms. */
  tickMs?: number;
  /** How often the metrics are written, in the past as in the present; default 1 s. */
  scrapeMs?: number;
  requestsPerSecond?: number;
};

export type PastTraffic = {
  minutes: number;
  /** Where the past ends and live traffic goes on; default now. */
  until?: number;
  /** When the flag got its present state (Unix milliseconds); before it everybody got `before`. */
  changedAt?: number;
  before?: string;
};

export type SimulatedService = AsyncDisposable & {
  /** Writes the past, in which the flag changed once; call it before `start`. */
  history(past: PastTraffic): Promise<void>;
  /** Serves from now on, in real time. */
  start(): void;
  /** Instead of `start`, for tests: serves what arrives up to `at` and writes the metrics when due. */
  advance(at: number): Promise<void>;
};

/**
 * More requests than this in one tick are served as fewer, heavier ones; in the past, where a tick is a second, as
 * even fewer, so that an hour of it is written quickly.
 */
const servedPerTick = { now: 100, past: 50 };

/** A service whose users come by in turn; each request is served under the variation that the SDK gives its user. */
export function createSimulatedService(
  flags: FlagEvaluator,
  behaviour: ServiceBehaviour,
  { clock = Date.now, tickMs = 250, scrapeMs = 1_000, requestsPerSecond = 200 }: ServicePace,
): SimulatedService {
  const users = createPopulation();
  const draws = createDraws();
  let servedUntil: number | undefined;
  let turn = 0;
  let due = 0;
  let timer: NodeJS.Timeout | undefined;
  let ticking = Promise.resolve();
  let stopped = false;

  const live = (user: SyntheticUser): Promise<string> => behaviour.evaluate(flags, user);

  async function serveUntil(
    at: number,
    variationOf: (user: SyntheticUser, at: number) => string | Promise<string>,
    most = servedPerTick.now,
  ) {
    const from = servedUntil ?? at - tickMs;
    if (at <= from) return;
    servedUntil = at;
    due += (requestsPerSecond * swell(at) * (at - from)) / 1_000;
    const arrivals = Math.floor(due);
    due -= arrivals;
    const served = Math.min(arrivals, most);
    for (let index = 0; index < served; index += 1) {
      const user = users[turn++ % users.length];
      if (user === undefined) throw new Error("the population is empty");
      behaviour.serve({ user, variation: await variationOf(user, at), weight: arrivals / served, at, draws });
    }
    if (Math.floor(at / scrapeMs) > Math.floor(from / scrapeMs)) behaviour.publish(at);
  }

  /** Ticks keep to the clock, so that scrapes are evenly spaced: extrapolated rates jump where the spacing does. */
  function scheduleTick(): void {
    timer = setTimeout(
      () => {
        ticking = serveUntil(clock(), live).then(() => (stopped ? undefined : scheduleTick()));
      },
      tickMs - (clock() % tickMs),
    );
  }

  return {
    async history({ minutes, until = clock(), changedAt = -Infinity, before = "" }) {
      if (servedUntil !== undefined) throw new Error("history() must come before the first live request");
      const present = new Map<SyntheticUser, string>();
      for (const user of users) present.set(user, await live(user));
      const variationOf = (user: SyntheticUser, at: number): string =>
        at < changedAt ? before : (present.get(user) ?? before);
      const end = until - (until % scrapeMs);
      servedUntil = end - minutes * 60_000;
      while (servedUntil < end) await serveUntil(servedUntil + scrapeMs, variationOf, servedPerTick.past);
    },
    start() {
      if (timer === undefined) scheduleTick();
    },
    async advance(at) {
      if (timer !== undefined) throw new Error("a started service moves on by itself");
      await serveUntil(at, live);
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await ticking;
      await flags[Symbol.asyncDispose]();
    },
  };
}

/** Traffic that rises and falls a little, so that a plot of it looks like traffic. */
function swell(at: number): number {
  return 1 + 0.08 * Math.sin(at / 67_000) + 0.04 * Math.sin(at / 7_900);
}
