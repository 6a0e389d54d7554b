import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadDocuments } from "../../src/documents/load-documents.ts";
import { loadThresholds, missesOf } from "./harness/check-thresholds.ts";
import { generateWorld } from "./harness/generate-world.ts";
import { loadCases } from "./harness/load-cases.ts";
import { liveModel, type PlayedModel, playModel } from "./harness/play-model.ts";
import { type Prices, reportOf } from "./harness/print-report.ts";
import { runWorlds } from "./harness/run-worlds.ts";
import type { Score } from "./harness/score.ts";
import { type ScriptedModel, scriptedModels } from "./harness/scripted-models.ts";
import { tally } from "./harness/tally.ts";
import type { World } from "./harness/world.ts";

const usage = `npm run eval -- [options]

  --drafter rules|openai  who concludes (default: rules)
  --model <name>          with openai: one of the scripted models below, all, or live, which asks the server that
                          OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL name (default: all)
  --worlds <n>            generated worlds in place of the cases
  --seed <n>              of the first of them (default: 1; 501-1000 are for reports, nothing is tuned on them)
  --only <pattern>        cases or classes that match this regular expression
  --repeat <n>            every world so many times (default: 1)
  --price <in>,<out>      what a million tokens costs, to print costs
  --check                 exit 1 where test/evals/thresholds.json is missed
  --json                  figures and scores on stdout, nothing else

Scripted models: ${Object.keys(scriptedModels).join(", ")}`;

const { values } = parseArgs({
  options: {
    drafter: { type: "string", default: "rules" },
    model: { type: "string", default: "all" },
    worlds: { type: "string" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    repeat: { type: "string", default: "1" },
    price: { type: "string" },
    check: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

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
  if (values.help) {
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
  const worlds = chosenWorlds();
  if (worlds.length === 0) {
    warn(`No world matches --only ${values.only}. Nothing was measured, which counts as a failure.`);
    return 1;
  }
  const set = values.worlds === undefined ? "cases" : "worlds";
  const runs: Run[] = [];
  for (const [name, open] of drafters(documents)) {
    await using model = await open();
    const scores = await runWorlds(worlds, worlds.length, {
      documents,
      model,
      repeat: whole("repeat", values.repeat),
      progress: progressOf(name),
    });
    runs.push({ name: `${name}, ${set}`, scores });
  }
  return conclude(runs);
}

function chosenWorlds(): World[] {
  const pattern = new RegExp(values.only);
  const [first, count] = [whole("seed", values.seed), whole("worlds", values.worlds ?? "0")];
  const all =
    values.worlds === undefined
      ? loadCases(folder)
      : Array.from({ length: count }, (_, index) => generateWorld(first + index));
  return all.filter((world) => pattern.test(world.name) || pattern.test(world.class));
}

type Opened = [name: string, open: () => Promise<(PlayedModel & AsyncDisposable) | null>];

function drafters(documents: ReturnType<typeof loadDocuments>): Opened[] {
  if (values.drafter === "rules") return [["rules", () => Promise.resolve(null)]];
  if (values.drafter !== "openai") throw new Error(`--drafter is rules or openai, not ${values.drafter}.`);
  if (values.model === "live") {
    const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: model } = process.env;
    if (apiKey === undefined || model === undefined)
      throw new Error("--model live needs OPENAI_API_KEY and OPENAI_MODEL.");
    const server = { apiKey, baseUrl: baseUrl ?? "https://api.openai.com/v1", model };
    return [["live", () => Promise.resolve(liveModel(server, documents))]];
  }
  const names = Object.keys(scriptedModels).filter(isScripted);
  const chosen = names.filter((name) => values.model === "all" || values.model === name);
  if (chosen.length === 0) throw new Error(`There is no model ${values.model}. ${usage}`);
  return chosen.map((name) => [name, () => playModel(name, documents)]);
}

function isScripted(name: string): name is ScriptedModel {
  return Object.hasOwn(scriptedModels, name);
}

function conclude(runs: readonly Run[]): number {
  const thresholds = loadThresholds(join(folder, "thresholds.json"));
  const misses = values.check
    ? runs.flatMap(({ name, scores }) => missesOf(name, tally(scores), thresholds))
    : [];
  if (values.json) {
    print(
      JSON.stringify(
        { runs: runs.map(({ name, scores }) => ({ name, tally: tally(scores), scores })), misses },
        null,
        2,
      ),
    );
  } else {
    for (const { name, scores } of runs) print(reportOf(name, scores, pricesOf(values.price)));
    if (values.check) print(misses.length === 0 ? "\nAll thresholds are met." : "");
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

function pricesOf(text: string | undefined): Prices | null {
  if (text === undefined) return null;
  const [input, output] = text.split(",").map(Number);
  if (input === undefined || output === undefined || !(input >= 0) || !(output >= 0))
    throw new Error(`--price is two numbers such as 0.4,1.6, not ${text}.`);
  return { input, output };
}

function whole(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new Error(`--${option} is a whole number, not ${text}.`);
  return number;
}

process.exitCode = await main();
