import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { stores } from "../support/place.ts";
import type { Bench, BenchOptions } from "./harness/bench.ts";
import { loadGoals } from "./harness/goals.ts";
import { keepResult } from "./harness/keep-result.ts";
import { machine } from "./harness/machine.ts";
import { isAllMet, runAll, summaryOf, tableOfGoals } from "./harness/run-all.ts";
import { runBench } from "./harness/run-bench.ts";

const folder = import.meta.dirname;
const goalsFile = new URL("goals.json", import.meta.url);
const everyBench = "all";
const usage = `npm run bench -- <name> [options]   "all" runs every bench and ends with a table of all goals

  --store embedded|postgres|redis  where Signalman keeps things: the PostgreSQL that came along (default),
                                   the system's PostgreSQL, or that and the system's Redis for the queue
  --json                           the result on stdout, and nothing else there
  --check                          exit code 1 where a goal of test/bench/goals.json is missed, and which
  --quick                          short, for CI; --check then takes 0.8 of each goal and one more try
  --seed N                         what the order of the arms is drawn from; printed either way
  --size N                         of "ledger" and "scale": entries of the large ledger
  --profile FOLDER                 processes of Signalman leave a CPU profile there`;

/** 0 done, 1 a goal was missed or the bench failed, 2 wrong usage. */
async function main(): Promise<number> {
  let read: ReturnType<typeof readArguments>;
  try {
    read = readArguments();
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = read;
  const [name, ...more] = positionals;
  const benches = await loadBenches();
  if (values.help) {
    say(`${usage}\n\n${listed(benches)}`);
    return 0;
  }
  const bench = benches.find((each) => each.name === name);
  if ((bench === undefined && name !== everyBench) || more.length > 0) {
    return misused(
      `${name === undefined ? "Which bench?" : `There is no bench "${positionals.join(" ")}".`}\n${listed(benches)}`,
    );
  }
  const store = stores.find((each) => each === values.store);
  if (store === undefined) return misused(`There is no store "${values.store}"; use ${stores.join(", ")}.`);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isInteger(seed)) return misused("--seed takes a whole number.");
  const { size: sizeText, ...rest } = values;
  const size = sizeText === undefined ? undefined : Number(sizeText);
  if (size !== undefined && !(Number.isInteger(size) && size > 0))
    return misused("--size takes a whole number above 0.");
  const { json = false, check = false, quick = false, profile } = rest;
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  say(`${name}, store ${store}${quick ? ", quick" : ""}, seed ${seed}; ${machine()}`);
  const options = {
    store,
    quick,
    seed,
    say,
    ...(size !== undefined && { size }),
    ...(profile !== undefined && { profileFolder: profile }),
  };
  return bench === undefined
    ? measureAll(benches, options, json, check)
    : measure(bench, options, json, check);
}

async function measureAll(
  benches: readonly Bench[],
  options: BenchOptions,
  json: boolean,
  check: boolean,
): Promise<number> {
  const ended = await runAll(benches, options, loadGoals(goalsFile, options.store), check, (each) => {
    if (each.result !== null) keep(each.result, options);
    say(`\n${tableOfGoals([each])}`);
  });
  if (json) process.stdout.write(`${JSON.stringify(ended)}\n`);
  say(`\n${tableOfGoals(ended)}\n\n${summaryOf(ended)}`);
  return check && !isAllMet(ended) ? 1 : 0;
}

async function measure(bench: Bench, options: BenchOptions, json: boolean, check: boolean): Promise<number> {
  const startedAt = performance.now();
  const goals = loadGoals(goalsFile, options.store)[bench.name] ?? [];
  const { result, missed } = await runBench(bench, options, goals, check);
  say(`took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  say(`kept in ${keep(result, options)}`);
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
  if (!check) return 0;
  for (const words of missed) say(`missed: ${words}`);
  if (missed.length === 0) say(`all ${goals.length} goals met`);
  return missed.length === 0 ? 0 : 1;
}

function keep(result: Readonly<Record<string, unknown>>, { quick, seed }: BenchOptions): string {
  return keepResult(join(folder, "results"), { ...result, quick: quick ? 1 : 0, seed });
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      store: { type: "string", default: "embedded" },
      json: { type: "boolean" },
      quick: { type: "boolean" },
      check: { type: "boolean" },
      seed: { type: "string" },
      size: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
}

/** The benches are the files of this folder, but for this one. */
async function loadBenches(): Promise<Bench[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && file !== "run.ts");
  return Promise.all(
    files.toSorted().map(async (file) => {
      const loaded: unknown = await import(pathToFileURL(join(folder, file)).href);
      if (isBench(loaded)) return loaded;
      throw new Error(`test/bench/${file} does not export name, summary and run`);
    }),
  );
}

function isBench(value: unknown): value is Bench {
  if (typeof value !== "object" || value === null) return false;
  return ["name", "summary", "run"].every((key) => key in value);
}

function listed(benches: readonly Bench[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  return benches.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
}

function misused(what: string): number {
  say(`${what}\n\n${usage}`);
  return 2;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// Left to end by itself, Node now and then turns for ever over sockets that are still closing.
process.exit(await main());
