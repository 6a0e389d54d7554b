import { join } from "node:path";
import { loadDocuments } from "../../src/documents/load-documents.ts";
import { loadThresholds, missesOf } from "./harness/check-thresholds.ts";
import { generateWorld } from "./harness/generate-world.ts";
import { loadCases } from "./harness/load-cases.ts";
import { liveModel, type PlayedModel, playModel } from "./harness/play-model.ts";
import { reportOf } from "./harness/print-report.ts";
import { type Options, readOptions, usage, UsageError } from "./harness/read-options.ts";
import { runWorlds } from "./harness/run-worlds.ts";
import type { Score } from "./harness/score.ts";
import { tally } from "./harness/tally.ts";
import type { World } from "./harness/world.ts";

const folder = import.meta.dirname;
const root = join(folder, "../..");

interface Run {
  /** Under which name `thresholds.json` knows it. */
  name: string;
  scores: Score[];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) {
    print(usage);
    return 0;
  }
  const documents = loadDocuments(
    {
      governance: join(root, "governance"),
      runbooks: join(root, "runbooks"),
      prompts: join(root, "prompts"),
    },
    [],
  );
  const worlds = chosenWorlds(options);
  if (worlds.length === 0) {
    warn(`No world matches --only ${options.only.source}. Nothing was measured, which counts as a failure.`);
    return 1;
  }
  const set = options.worlds === null ? "cases" : options.series === "averaged" ? "worlds" : "scraped worlds";
  const runs: Run[] = [];
  for (const [name, open] of drafters(options, documents)) {
    await using model = await open();
    const scores = await runWorlds(worlds, worlds.length, {
      documents,
      model,
      repeat: options.repeat,
      progress: progressOf(name),
    });
    runs.push({ name: `${name}, ${set}`, scores });
  }
  return conclude(runs, options);
}

function chosenWorlds({ worlds, seed, series, only }: Options): World[] {
  const all =
    worlds === null
      ? loadCases(folder)
      : Array.from({ length: worlds }, (_, index) => generateWorld(seed + index, series));
  return all.filter((world) => only.test(world.name) || only.test(world.class));
}

type Opened = [name: string, open: () => Promise<(PlayedModel & AsyncDisposable) | null>];

function drafters({ drafter }: Options, documents: ReturnType<typeof loadDocuments>): Opened[] {
  switch (drafter.kind) {
    case "rules":
      return [["rules", () => Promise.resolve(null)]];
    case "live":
      return [["live", () => Promise.resolve(liveModel(drafter.server, documents))]];
    case "scripted":
      return drafter.models.map((name) => [name, () => playModel(name, documents)]);
  }
}

function conclude(runs: readonly Run[], { check, json, price }: Options): number {
  const thresholds = loadThresholds(join(folder, "thresholds.json"));
  const misses = runs.flatMap(({ name, scores }) => {
    // Whatever was asked for: nothing measured is no success.
    if (scores.length === 0) return [`${name}: no world was run.`];
    return check ? missesOf(name, tally(scores), thresholds) : [];
  });
  if (runs.length === 0) misses.push("nobody drafted.");
  if (json) {
    print(
      JSON.stringify(
        { runs: runs.map(({ name, scores }) => ({ name, tally: tally(scores), scores })), misses },
        null,
        2,
      ),
    );
  } else {
    for (const { name, scores } of runs) print(reportOf(name, scores, price));
    if (check) print(misses.length === 0 ? "\nAll thresholds are met." : "");
  }
  for (const miss of misses) warn(`missed: ${miss}`);
  return misses.length === 0 ? 0 : 1;
}

function progressOf(name: string): (done: number, of: number) => void {
  const begin = performance.now();
  const everyNth = process.stderr.isTTY ? 5 : 50;
  return (done, of) => {
    if (done % everyNth !== 0 && done !== of) return;
    const seconds = ((performance.now() - begin) / 1000).toFixed(0);
    process.stderr.write(`${process.stderr.isTTY ? "\r" : ""}${name}: ${done} of ${of}, ${seconds} s`);
    if (!process.stderr.isTTY || done === of) process.stderr.write("\n");
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  warn(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
