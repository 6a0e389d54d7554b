import type { Series } from "../../../src/pipeline/ports/telemetry.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { normalBelow } from "./service-model.ts";
import { isThere, levelAt } from "./story-level.ts";
import type { QueryStory, Scraping, SeriesStory } from "./world.ts";
import { minuteMs, now } from "./world-flags.ts";

/** Upper bounds as client libraries have them, in milliseconds; the last bucket is open. */
const bucketsMs = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, Infinity];
/** The standard normal's 95th percentile. */
const z95 = 1.645;
/** More than any look-back and window together. */
const begin = now - 240 * minuteMs;

/** Counters as a service exports them, cumulative, at each scrape. */
interface Scrape {
  at: number;
  requests: number;
  failures: number;
  /** Requests by duration, one count a bucket. */
  buckets: number[];
}

/**
 * A story as Prometheus reads it: requests are counted in the service, the counters are scraped, and a query sees what
 * they grew by between the first and the last scrape of its window: `rate(failures[w]) / rate(requests[w])`, or
 * `histogram_quantile(0.95, rate(bucket[w]))`. Windows without a request give nothing, lost scrapes are bridged, and what
 * all requests of a moment share (`unrest`) is the same in every series.
 */
export function scrapedSeries(
  story: SeriesStory,
  unit: QueryStory["unit"],
  scraping: Scraping,
  seed: string,
  [from, to, stepMs]: readonly [number, number, number],
): Series {
  const scrapes = scrapesOf(story, unit, scraping, seed);
  // As many scrapes as a rate needs.
  const windowMs = Math.max(story.window * minuteMs, 2500 * scraping.everySeconds);
  const points: [number, number][] = [];
  let [first, last] = [0, 0];
  for (let at = from; at <= to; at += stepMs) {
    while ((scrapes[last + 1]?.at ?? Infinity) <= at) last += 1;
    while ((scrapes[first]?.at ?? Infinity) <= at - windowMs) first += 1;
    const [old, young] = [scrapes[first], scrapes[last]];
    if (old === undefined || young === undefined || first >= last) continue;
    const value = readAt(old, young, unit);
    if (Number.isFinite(value)) points.push([at, value]);
  }
  return { labels: story.labels, points };
}

function readAt(old: Scrape, young: Scrape, unit: QueryStory["unit"]): number {
  const requests = young.requests - old.requests;
  if (unit === "req/min") return (requests * minuteMs) / (young.at - old.at);
  if (requests <= 0) return NaN;
  if (unit !== "ms") return ((unit === "%" ? 100 : 1) * (young.failures - old.failures)) / requests;
  let below = 0;
  for (const [index, upper] of bucketsMs.entries()) {
    const lower = bucketsMs[index - 1] ?? 0;
    const count = (young.buckets[index] ?? 0) - (old.buckets[index] ?? 0);
    if (below + count >= 0.95 * requests) {
      return upper === Infinity ? lower : lower + ((upper - lower) * (0.95 * requests - below)) / count;
    }
    below += count;
  }
  return NaN;
}

function scrapesOf(
  story: SeriesStory,
  unit: QueryStory["unit"],
  { everySeconds, lost, sigma, unrest }: Scraping,
  seed: string,
): Scrape[] {
  const everyMs = everySeconds * 1000;
  const counted = createRandom(`${seed}/${unit}/${JSON.stringify(story.labels)}`);
  // Which scrapes fail and what befalls all requests alike is one thing for all series of a service.
  const shared = createRandom(`${seed}/service`);
  const scrapes: Scrape[] = [];
  let [requests, failures, wandering] = [0, 0, 0];
  const buckets = bucketsMs.map(() => 0);
  for (let at = begin; at <= now; at += everyMs) {
    wandering = 0.95 * wandering + Math.sqrt(1 - 0.95 ** 2) * shared.normal();
    const worse = Math.exp(unrest * wandering);
    const isLost = shared.chance(lost);
    if (isThere(story, at)) {
      const level = levelAt(story, at);
      const mean = ((story.requests ?? 0) * everyMs) / minuteMs;
      if (unit === "req/min") requests += counted.poisson((level * everyMs) / minuteMs);
      else if (unit === "ms") requests += addDurations(buckets, mean, level * worse, sigma, counted);
      else {
        const count = counted.poisson(mean);
        const share = Math.min(1, (level / (unit === "%" ? 100 : 1)) * worse);
        requests += count;
        failures += Math.min(count, counted.poisson(count * share));
      }
    }
    if (!isLost) scrapes.push({ at, requests, failures, buckets: unit === "ms" ? [...buckets] : [] });
  }
  return scrapes;
}

/** Adds log-normal durations of which one in twenty is longer than `p95`; how many there were. */
function addDurations(buckets: number[], mean: number, p95: number, sigma: number, random: Random): number {
  const middle = Math.log(p95) - z95 * sigma;
  let [below, all] = [0, 0];
  for (const [index, upper] of bucketsMs.entries()) {
    const share = upper === Infinity ? 1 : normalBelow((Math.log(upper) - middle) / sigma);
    const count = random.poisson(mean * Math.max(0, share - below));
    buckets[index] = (buckets[index] ?? 0) + count;
    all += count;
    below = share;
  }
  return all;
}
