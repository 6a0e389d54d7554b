import { parseArgs } from "node:util";
import { type SeriesKind, seriesKinds } from "./generate-world.ts";
import type { Prices } from "./print-report.ts";
import { type ScriptedModel, scriptedModels } from "./scripted-models.ts";

const scripted = Object.keys(scriptedModels).filter(isScripted);

export const usage = `npm run eval -- [options]

  --drafter rules|openai  who concludes (default: rules)
  --model <name>          with openai: one of the scripted models below, all, or live, which asks the server that
                          OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL name (default: all)
  --worlds <n>            generated worlds in place of the cases
  --seed <n>              of the first of them (default: 1; 501-1000 are for reports, nothing is tuned on them)
  --series <kind>         of generated worlds: ${seriesKinds.join(" or ")} (default: averaged)
  --only <pattern>        cases or classes that match this regular expression
  --repeat <n>            every world so many times (default: 1)
  --price <in>,<out>      what a million tokens costs, to print costs
  --check                 exit 1 where test/evals/thresholds.json is missed
  --json                  figures and scores on stdout, nothing else

Scripted models: ${scripted.join(", ")}`;

/** What was asked for cannot be done; the message says which option and why. */
export class UsageError extends Error {}

export interface LiveServer {
  apiKey: string;
  baseUrl: string;
  model: string;
}

export interface Options {
  help: boolean;
  drafter:
    { kind: "rules" } | { kind: "scripted"; models: ScriptedModel[] } | { kind: "live"; server: LiveServer };
  /** How many to generate; null: the cases. */
  worlds: number | null;
  seed: number;
  series: SeriesKind;
  only: RegExp;
  repeat: number;
  price: Prices | null;
  check: boolean;
  json: boolean;
}

/** Throws `UsageError`, before anything runs, for every option that cannot be meant. */
export function readOptions(args: string[], env: Readonly<Record<string, string | undefined>>): Options {
  const { help, check, json, drafter, model, worlds, seed, series, only, repeat, price } = parsed(args);
  return {
    help,
    check,
    json,
    drafter: drafterOf(drafter, model, env),
    worlds: worlds === undefined ? null : whole("worlds", worlds, 1),
    seed: whole("seed", seed, 0),
    series: seriesOf(series),
    only: patternOf(only),
    repeat: whole("repeat", repeat, 1),
    price: price === undefined ? null : pricesOf(price),
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        drafter: { type: "string", default: "rules" },
        model: { type: "string", default: "all" },
        worlds: { type: "string" },
        seed: { type: "string", default: "1" },
        series: { type: "string", default: "averaged" },
        only: { type: "string", default: "" },
        repeat: { type: "string", default: "1" },
        price: { type: "string" },
        check: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function drafterOf(
  drafter: string,
  model: string,
  { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: name }: Parameters<typeof readOptions>[1],
): Options["drafter"] {
  if (drafter === "rules") return { kind: "rules" };
  if (drafter !== "openai") throw new UsageError(`--drafter is rules or openai, not ${drafter}.`);
  if (model === "live") {
    if (apiKey === undefined || name === undefined) {
      throw new UsageError("--model live needs OPENAI_API_KEY and OPENAI_MODEL.");
    }
    return { kind: "live", server: { apiKey, baseUrl: baseUrl ?? "https://api.openai.com/v1", model: name } };
  }
  const models = scripted.filter((one) => model === "all" || model === one);
  if (models.length > 0) return { kind: "scripted", models };
  throw new UsageError(`--model is live, all or one of ${scripted.join(", ")}; not ${model}.`);
}

function isScripted(name: string): name is ScriptedModel {
  return Object.hasOwn(scriptedModels, name);
}

function seriesOf(series: string): SeriesKind {
  const kind = seriesKinds.find((one) => one === series);
  if (kind !== undefined) return kind;
  throw new UsageError(`--series is ${seriesKinds.join(" or ")}, not ${series}.`);
}

function patternOf(only: string): RegExp {
  try {
    return new RegExp(only);
  } catch (error) {
    throw new UsageError(`--only is a regular expression, not ${only}.`, { cause: error });
  }
}

function pricesOf(text: string): Prices {
  const [input, output, ...more] = text.split(",").map(priceOf);
  if (input === undefined || output === undefined || more.length > 0 || !(input >= 0) || !(output >= 0)) {
    throw new UsageError(`--price is two numbers such as 0.4,1.6; not ${text}.`);
  }
  return { input, output };
}

function priceOf(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}

function whole(option: string, text: string, least: number): number {
  const number = priceOf(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`--${option} is a whole number from ${least} on, not ${text === "" ? '""' : text}.`);
}
