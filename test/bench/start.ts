import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { allRoles, startOurs } from "./harness/contenders.ts";
import { median, rounded, spread, table } from "./harness/figures.ts";
import { openLoop } from "./harness/load.ts";
import { startPart } from "./harness/part.ts";
import { openStartingPlace } from "./harness/starts.ts";
import { mixFor, plainWorld, valueAt } from "./harness/steady-load.ts";
import { idleAt } from "./harness/storm.ts";
import { restMs, watchMemory } from "./harness/watch-memory.ts";

export const name = "start";
export const summary =
  "from a command line to an open door, and the memory it takes: at rest, in storms, after them";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);
const full = { rounds: 7, storms: 10, seconds: 20 };
const short = { rounds: 3, storms: 3, seconds: 6 };
/** As in the storm of `intake`: 10,000 alerts a minute of 200 fingerprints. */
const perSecond = 10_000 / 60;
const fingerprints = 200;

export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  const starts = await measureStarts(options, plan.rounds);
  return { ...starts, memory: await measureMemory(options, plan) };
}

async function measureStarts(options: BenchOptions, rounds: number): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const existing = stack.use(await openStartingPlace("embedded"));
  const running = stack.use(await openStartingPlace(options.store === "redis" ? "redis" : "postgres"));
  // What is measured there is never the first start.
  await existing.ours();
  await running.ours();
  const arms = [
    {
      name: "empty folder",
      async measure() {
        await using place = await openStartingPlace("embedded");
        return await place.ours();
      },
    },
    { name: "existing data", measure: () => existing.ours() },
    { name: "running PostgreSQL", measure: () => running.ours() },
    { name: "bare node", measure: () => running.bare() },
  ];
  const measured = await measureRounds(arms, rounds, options, (ms) => `${Math.round(ms)} ms`);
  const of = (arm: string) => measured.get(arm) ?? [];
  options.say(
    table(
      ["arm", "ms to an open door"],
      arms.map((arm) => [arm.name, spread(of(arm.name))]),
    ),
  );
  return {
    empty_s: rounded(median(of("empty folder")) / 1000),
    existing_s: rounded(median(of("existing data")) / 1000),
    running_s: rounded(median(of("running PostgreSQL")) / 1000),
    bare_s: rounded(median(of("bare node")) / 1000),
    running_to_bare: rounded(
      median(of("running PostgreSQL").map((ms, round) => ms / valueAt(of("bare node"), round))),
    ),
  };
}

/** One Signalman through storm after storm of the same alerts, each until nothing is left to do. */
async function measureMemory(
  options: BenchOptions,
  { storms, seconds }: Pick<typeof full, "storms" | "seconds">,
): Promise<Figures> {
  await using load = await startPart(loadProcess);
  await using ours = await startOurs(options, allRoles(options.store), plainWorld);
  const database = new Client(await ours.place.connect());
  await database.connect();
  try {
    await using memory = await watchMemory(ours, database);
    const mix = { ...mixFor(ours.url), run: "storm", fingerprints };
    const after: number[] = [];
    let peakOfFirst = 0;
    for (let storm = 1; storm <= storms; storm += 1) {
      await load.ask(openLoop, { mix, perSecond, warmUpMs: 0, measureMs: seconds * 1000 });
      await idleAt(database);
      await delay(restMs);
      after.push(memory.now());
      if (storm === 1) peakOfFirst = memory.peak();
      options.say(`storm ${storm} of ${storms}: ${rounded(memory.now())} MB after it`);
    }
    const first = valueAt(after, 0);
    return {
      at_rest_mb: rounded(memory.atRest()),
      peak_mb: rounded(peakOfFirst),
      peak_of_all_mb: rounded(memory.peak()),
      after_first_mb: rounded(first),
      after_last_mb: rounded(after.at(-1) ?? first),
      last_to_first: rounded((after.at(-1) ?? first) / first),
      storms,
    };
  } finally {
    await database.end();
  }
}
