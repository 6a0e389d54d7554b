import type { Finding } from "../../src/commands/doctor/check.ts";
import type { Seed } from "./seed.ts";
import { featbitSeeds } from "./seeds/featbit.ts";
import { fileSeeds } from "./seeds/files.ts";
import { modelAndMetricsSeeds } from "./seeds/model-and-metrics.ts";
import { slackSeeds } from "./seeds/slack.ts";
import { storeSeeds } from "./seeds/stores.ts";
import { diagnose, openStage, type Stage } from "./setup.ts";

export const seeds: readonly Seed[] = [
  ...slackSeeds,
  ...featbitSeeds,
  ...storeSeeds,
  ...modelAndMetricsSeeds,
  ...fileSeeds,
];

export interface Played {
  seed: Seed;
  /** The finding that names it; null: it was not found. */
  found: Finding | null;
  /** All that was said instead, with the checks that said it. */
  said: string[];
  /** Values of secrets that the findings repeat. */
  leaked: string[];
}

/** Most of the time is waiting: for sockets that close, and for what does not answer. */
const atOnce = 6;

/** Plays every seed against the doctor. `healthy`: what is said of a set-up in which nothing is spoilt. */
export async function play(
  chosen: readonly Seed[],
  redis: string | null,
): Promise<{ healthy: string[]; played: Played[] }> {
  await using stage = await openStage(redis);
  const has = { redis: redis !== null, server: stage.hasOwnServer };
  const possible = chosen.filter(({ needs }) => needs === undefined || has[needs]);
  const healthy = await sayHealthy(stage);
  const waiting = possible.filter(({ alone }) => alone === undefined);
  const results = new Map<Seed, Played>();
  const workers = Array.from({ length: atOnce }, async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift())
      results.set(seed, await one(seed, stage));
  });
  await Promise.all(workers);
  for (const seed of possible.filter(({ alone }) => alone !== undefined))
    results.set(seed, await one(seed, stage));
  return { healthy, played: possible.flatMap((seed) => results.get(seed) ?? []) };
}

async function sayHealthy(stage: Stage): Promise<string[]> {
  const setup = await stage.open(false);
  await using _ = setup.stack;
  const examinations = await diagnose(setup);
  return examinations.flatMap(({ check, findings }) =>
    findings.filter(({ severity }) => severity !== "note").map(({ what }) => `${check}: ${what}`),
  );
}

async function one(seed: Seed, stage: Stage): Promise<Played> {
  const setup = await stage.open(seed.check === "database");
  await using _ = setup.stack;
  await seed.spoil(setup);
  const examinations = await diagnose(setup);
  await seed.alone?.(setup);
  const findings = examinations.find(({ check }) => check === seed.check)?.findings ?? [];
  const found =
    findings.find(({ severity, what }) => severity === seed.severity && seed.words.test(what)) ?? null;
  const text = JSON.stringify(examinations);
  return {
    seed,
    found,
    said: examinations.flatMap(({ check, findings: all }) =>
      all.map(({ severity, what }) => `${check} (${severity}): ${what}`),
    ),
    leaked: Object.entries(setup.env)
      .filter(([name, value]) => /TOKEN$|SECRET$|KEY$/.test(name) && value.length > 5 && text.includes(value))
      .map(([name]) => name),
  };
}
