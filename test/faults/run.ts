import { parseArgs } from "node:util";
import { setup as plantTemplate } from "../support/cluster-template.ts";
import { missing } from "../support/databases.ts";
import { type StoreName, stores } from "../support/place.ts";
import { redisBinary } from "../support/redis.ts";
import { systemPostgres } from "../support/system-postgres.ts";
import { type CampaignOptions, runCampaign } from "./harness/campaign.ts";
import { counterExampleLines, lastLine, report } from "./harness/report.ts";
import { loadTrials } from "./harness/load-trials.ts";
import { mutantLines, runMutants } from "./harness/run-mutants.ts";
import type { Trial } from "./harness/trial.ts";
import { mutants } from "./mutants.ts";

const usage = `npm run faults -- [options]

  --quick           for CI: each fault once, on a store that the seed draws
  --minutes N       after so long (50) nothing is tried once more, and each fault was tried; with --quick nothing more
                    is tried at all after so long (5) once there are a hundred, and what is left out is named
  --seed N          what orders and times are drawn from; printed either way
  --only TEXT       trials whose name and store contain this, such as "P13" or "P13 · redis"
  --store NAME      one of ${stores.join(", ")}; all where it is left out
  --mutants         Signalman without one of its protections, again and again: the trials must find each;
                    with --only those whose name contains this, with --quick
                    without trying first what they find where nothing is taken away
  --list            names the trials and ends
  --json            the result on stdout before the last line, and nothing else there`;

/** 0 nothing went wrong, 1 a counter-example or a store that CI must have is missing, 2 wrong usage. */
async function main(): Promise<number> {
  let values: ReturnType<typeof readArguments>;
  try {
    values = readArguments();
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
  const { quick = false, json = false, only, list = false, help = false } = values;
  if (help) {
    say(usage);
    return 0;
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isInteger(seed)) return misused("--seed takes a whole number.");
  const minutes = Number(values.minutes ?? (quick ? 5 : 50));
  if (!(minutes >= 0)) return misused("--minutes takes a number.");
  const store = stores.find((each) => each === values.store);
  if (values.store !== undefined && store === undefined)
    return misused(`There is no store "${values.store}"; use ${stores.join(", ")}.`);
  const trials = await loadTrials();
  if (list) {
    for (const { kind, name } of trials) process.stdout.write(`${kind}: ${name}\n`);
    return 0;
  }
  if (values.mutants === true) return plantMutants(trials, { seed, only, quick });
  const wanted = store === undefined ? stores : [store];
  if (
    only !== undefined &&
    !trials.some(({ name }) => wanted.some((each) => `${name} · ${each}`.includes(only)))
  )
    return misused(`No trial is called "${only}"; --list names them.`);
  const undo = await plantTemplate();
  try {
    return await campaign({ trials, stores: present(wanted), seed, full: !quick, minutes, only, say }, json);
  } finally {
    undo();
  }
}

async function campaign(options: CampaignOptions, json: boolean): Promise<number> {
  const result = await runCampaign(options);
  const { counterExample } = result;
  const lines = report(result, options.stores, options.seed);
  if (json) process.stdout.write(`${JSON.stringify({ ...result, seed: options.seed })}\n`);
  else for (const line of lines) process.stdout.write(`${line}\n`);
  if (counterExample !== null) {
    const { trial, store, seed } = counterExample;
    const size = options.full ? "" : " --quick";
    const replay = `npm run faults --${size} --seed ${seed} --store ${store} --only ${JSON.stringify(trial)}`;
    for (const line of counterExampleLines(counterExample, replay)) process.stdout.write(`${line}\n`);
    return 1;
  }
  process.stdout.write(`${lastLine(result)}\n`);
  return 0;
}

async function plantMutants(
  trials: readonly Trial[],
  { seed, only = "", quick }: { seed: number; only: string | undefined; quick: boolean },
): Promise<number> {
  const planted = mutants.filter(({ name }) => name.includes(only));
  if (planted.length === 0) return misused(`No mutant is called "${only}".`);
  const undo = await plantTemplate();
  try {
    const results = await runMutants({ mutants: planted, trials, seed, quick, say });
    for (const line of mutantLines(results)) process.stdout.write(`${line}\n`);
    return results.every(({ caught }) => caught) ? 0 : 1;
  } finally {
    undo();
  }
}

/** Those whose programs are here. With `CI=true` one that is not throws. */
function present(wanted: readonly StoreName[]): StoreName[] {
  return wanted.filter((store) => {
    if (store === "embedded") return true;
    const postgres = systemPostgres();
    if (postgres === undefined) missing("postgres (looked in /usr/lib/postgresql/*/bin)");
    const redis = store === "redis" ? redisBinary() : "not needed";
    return postgres !== undefined && redis !== undefined;
  });
}

function readArguments() {
  return parseArgs({
    options: {
      quick: { type: "boolean" },
      seed: { type: "string" },
      minutes: { type: "string" },
      only: { type: "string" },
      store: { type: "string" },
      mutants: { type: "boolean" },
      list: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
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
