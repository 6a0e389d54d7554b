import type { Random } from "../../support/random.ts";
import type { QueryStory, SeriesStory, Shift } from "./world.ts";

/** What a bad variation, version or dependency does to the requests that meet it. */
export interface Harm {
  /** Probability that such a request fails, beyond the usual. */
  errors: number;
  /** How many times longer it takes. */
  slower: number;
}

/** A share of all requests meets a harm from `ago` on, within `over` minutes, until it ends. */
export interface Effect extends Pick<Shift, "ago" | "over" | "until"> {
  share: number;
  harm: Harm;
}

/** A service made of requests, of which each takes a log-normal time and fails with a small probability. */
export interface ServiceModel {
  requestsPerMinute: number;
  errors: number;
  medianMs: number;
  /** Of the logarithm of the time. */
  sigma: number;
  noise: number;
  spikes: number;
  window: number;
  season: SeriesStory["season"];
  errorUnit: "ratio" | "%" | "";
}

export function randomService(random: Random, { calm = false } = {}): ServiceModel {
  return {
    requestsPerMinute: 10 ** random.between(2.2, 3.9),
    errors: 10 ** random.between(-3.3, -1.8),
    medianMs: 10 ** random.between(1.2, 3),
    sigma: random.between(0.4, 0.8),
    noise: calm ? 0.04 : random.between(0.02, 0.15),
    spikes: !calm && random.chance(0.3) ? random.between(0.002, 0.01) : 0,
    window: random.pick([1, 1, 2, 5]),
    season: random.chance(0.3)
      ? { amplitude: random.between(0.02, 0.12), minutes: random.between(180, 1440), phase: random.next() }
      : undefined,
    errorUnit: random.pick(["ratio", "%", ""] as const),
  };
}

/** The service's queries while these effects act; `down` of them falls when things go wrong. */
export function queriesOf(
  model: ServiceModel,
  effects: readonly Effect[],
  random: Random,
): Record<string, QueryStory> {
  const shared = { labels: {}, window: model.window, missing: [], requests: model.requestsPerMinute };
  const scale = model.errorUnit === "%" ? 100 : 1;
  return {
    error_ratio: {
      title: "Share of failed requests",
      unit: model.errorUnit === "%" ? "%" : model.errorUnit,
      bad: "up",
      series: [errorSeries(model, effects, scale, random)],
    },
    latency_p95: {
      title: "Latency p95",
      unit: "ms",
      bad: "up",
      series: [
        {
          ...shared,
          ...(model.season === undefined ? {} : { season: model.season }),
          level: quantile(model, 0, 1),
          noise: model.noise,
          spikes: model.spikes,
          shifts: effects.map((effect) => shiftTo(effect, quantile(model, effect.share, effect.harm.slower))),
        },
      ],
    },
    served: {
      title: "Requests answered per minute",
      unit: "req/min",
      bad: "down",
      series: [
        {
          ...shared,
          level: model.requestsPerMinute,
          noise: model.noise,
          spikes: 0,
          shifts: effects.map((effect) =>
            shiftTo(effect, model.requestsPerMinute * (1 - effect.share * effect.harm.errors)),
          ),
        },
      ],
    },
    memory: {
      title: "Memory",
      unit: "MiB",
      bad: "up",
      series: [
        {
          labels: {},
          window: model.window,
          missing: [],
          level: random.between(200, 2000),
          noise: 0.03,
          spikes: 0,
          shifts: [],
        },
      ],
    },
  };
}

/** The latency or failures of each variation, as a query with a label gives them. */
export function seriesPerVariation(
  model: ServiceModel,
  what: "errors" | "latency",
  cohorts: readonly {
    labels: Record<string, string>;
    share: number;
    effects: Effect[];
    from?: number;
    until?: number;
  }[],
): QueryStory {
  return {
    title: what === "errors" ? "Share of failed requests by variation" : "Latency p95 by variation",
    unit: what === "errors" ? "ratio" : "ms",
    bad: "up",
    series: cohorts.map(({ labels, share, effects, from, until }): SeriesStory => {
      const own = { ...model, requestsPerMinute: Math.max(1, model.requestsPerMinute * share) };
      const common = {
        labels,
        window: model.window,
        missing: [],
        spikes: 0,
        requests: own.requestsPerMinute,
        ...(from === undefined ? {} : { from }),
        ...(until === undefined ? {} : { until }),
      };
      if (what === "latency") {
        return {
          ...common,
          level: quantile(own, 0, 1),
          noise: model.noise,
          shifts: effects.map((effect) => shiftTo(effect, quantile(own, effect.share, effect.harm.slower))),
        };
      }
      return {
        ...common,
        level: own.errors,
        noise: 0,
        traffic: own.requestsPerMinute,
        shifts: effects.map((effect) => shiftTo(effect, failing(own, effect))),
      };
    }),
  };
}

/** Whether a person's alert rule would see it at all: failures or latency clearly beyond the usual. */
export function isNoticeable(model: ServiceModel, { share, harm }: Effect): boolean {
  const rise = failing(model, { share, harm }) - model.errors;
  return (
    (rise > 0.01 && rise > 2 * model.errors) ||
    quantile(model, share, harm.slower) > 1.6 * quantile(model, 0, 1)
  );
}

function errorSeries(
  model: ServiceModel,
  effects: readonly Effect[],
  scale: number,
  random: Random,
): SeriesStory {
  const base = { labels: {}, window: model.window, missing: [], requests: model.requestsPerMinute };
  if (scale === 1) {
    const shifts = effects.map((effect) => shiftTo(effect, failing(model, effect)));
    return { ...base, level: model.errors, noise: 0, spikes: 0, traffic: model.requestsPerMinute, shifts };
  }
  // In percent the chance of counting is put as noise, because a share is counted between 0 and 1.
  const counted = model.requestsPerMinute * Math.max(1, model.window);
  const noise = Math.min(0.6, Math.sqrt(1 / Math.max(1, counted * model.errors)) + random.between(0, 0.05));
  return {
    ...base,
    level: model.errors * scale,
    noise,
    spikes: model.spikes,
    shifts: effects.map((effect) => shiftTo(effect, failing(model, effect) * scale)),
  };
}

function failing({ errors }: ServiceModel, { share, harm }: Pick<Effect, "share" | "harm">): number {
  return (1 - share) * errors + share * Math.min(1, errors + harm.errors);
}

function shiftTo({ ago, over, until }: Effect, to: number): Shift {
  return { ago, over, to, ...(until === undefined ? {} : { until }) };
}

/** p95 in milliseconds of requests of which a share takes longer. */
function quantile({ medianMs, sigma }: ServiceModel, share: number, slower: number): number {
  let [low, high] = [medianMs / 10, medianMs * 1000 * slower];
  for (let round = 0; round < 50; round += 1) {
    const middle = Math.sqrt(low * high);
    const below =
      (1 - share) * normalBelow(Math.log(middle / medianMs) / sigma) +
      share * normalBelow(Math.log(middle / (medianMs * slower)) / sigma);
    if (below < 0.95) low = middle;
    else high = middle;
  }
  return low;
}

/** Logistic approximation of the normal distribution; off by less than 0.01. */
export function normalBelow(x: number): number {
  return 1 / (1 + Math.exp(-1.702 * x));
}
