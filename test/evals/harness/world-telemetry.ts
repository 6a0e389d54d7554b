import { OpsError } from "../../../src/domain/ops-error.ts";
import type { Series, Telemetry } from "../../../src/pipeline/ports/telemetry.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { scrapedSeries } from "./scraped-series.ts";
import { isThere, levelAt } from "./story-level.ts";
import type { SeriesStory, World } from "./world.ts";
import { minuteMs, now } from "./world-flags.ts";

/** What a scrape of Prometheus usually is apart. */
const tickMs = 15_000;
/** More than any look-back and averaging together. */
const begin = now - 240 * minuteMs;
const ticks = (now - begin) / tickMs + 1;

export const deployQuery = "deployment_info";

/** Answers the queries of a world's service, by their ids, with the series that its stories tell. */
export function telemetryOf(world: World): Telemetry {
  return {
    async range(promql, from, to, stepMs) {
      if (world.fails.includes("telemetry"))
        throw new OpsError("unreachable", "Prometheus cannot be reached.");
      if (promql === deployQuery) return deploySeries(world, Date.parse(from), Date.parse(to), stepMs);
      const query = world.metrics[promql];
      if (query === undefined) throw new OpsError("rejected", `There is no query ${promql}.`);
      if (query.fails === "unreachable") throw new OpsError("unreachable", "Prometheus cannot be reached.");
      if (query.fails === "hangs") return new Promise(() => undefined);
      return query.series
        .map((story) => {
          const { scraping } = world;
          return scraping === undefined || story.requests === undefined
            ? seriesOf(story, `${world.seed}/${promql}`, Date.parse(from), Date.parse(to), stepMs)
            : scrapedSeries(story, query.unit, scraping, world.seed, [
                Date.parse(from),
                Date.parse(to),
                stepMs,
              ]);
        })
        .filter(({ points }) => points.length > 0);
    },
  };
}

function seriesOf(story: SeriesStory, seed: string, from: number, to: number, stepMs: number): Series {
  const values = valuesOf(story, createRandom(`${seed}/${JSON.stringify(story.labels)}`));
  const points: [number, number][] = [];
  for (let at = from; at <= to; at += stepMs) {
    const value = values[Math.floor((at - begin) / tickMs)];
    if (value !== undefined && Number.isFinite(value) && isThere(story, at)) points.push([at, value]);
  }
  return { labels: story.labels, points };
}

/** One value a tick, averaged over the query's window as a rate is. */
function valuesOf(story: SeriesStory, random: Random): number[] {
  const width = Math.max(1, Math.round((story.window * minuteMs) / tickMs));
  const { traffic } = story;
  const weights: number[] = [];
  const sums: number[] = [];
  let slow = 0;
  for (let index = 0; index < ticks; index += 1) {
    const at = begin + index * tickMs;
    const level = isThere(story, at) ? levelAt(story, at) : 0;
    if (traffic === undefined) {
      // Neighbouring samples resemble each other: queues and caches have a memory.
      slow = 0.6 * slow + 0.8 * random.normal();
      const spike = random.chance(story.spikes) ? random.between(2, 6) : 1;
      weights.push(isThere(story, at) ? 1 : 0);
      sums.push(level * Math.max(0, 1 + story.noise * slow) * spike);
    } else {
      const requests = isThere(story, at) ? random.poisson((traffic * tickMs) / minuteMs) : 0;
      weights.push(requests);
      sums.push(Math.min(requests, random.poisson(requests * level)));
    }
  }
  return windowed(sums, weights, width);
}

function windowed(sums: readonly number[], weights: readonly number[], width: number): number[] {
  let [sum, weight] = [0, 0];
  return sums.map((value, index) => {
    sum += value - (sums[index - width] ?? 0);
    weight += (weights[index] ?? 0) - (weights[index - width] ?? 0);
    return weight <= 0 ? NaN : Math.max(0, sum) / weight;
  });
}

function deploySeries(world: World, from: number, to: number, stepMs: number): Series[] {
  const deploys = (world.deploys ?? []).filter(({ told }) => !told).toSorted((a, b) => b.ago - a.ago);
  const versions = [{ ago: Infinity, version: "1.0.0" }, ...deploys];
  return versions.map(({ ago, version }, index) => {
    const end = versions[index + 1]?.ago ?? -Infinity;
    const points: [number, number][] = [];
    for (let at = from; at <= to; at += stepMs) {
      const minutes = (now - at) / minuteMs;
      if (minutes <= ago && minutes > end) points.push([at, 1]);
    }
    return { labels: { version }, points };
  });
}
