import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "../command.ts";
import { processOrigin } from "../config/process-origin.ts";
import { Settings } from "../config/settings.ts";
import { readYaml } from "../documents/read-yaml.ts";
import { suggestion } from "../domain/closest-word.ts";
import { envFile } from "./init/env-file.ts";
import { createPrompt, type Prompt } from "./init/prompt.ts";
import { nextSteps } from "./init/next-steps.ts";
import {
  type Answers,
  type Flag,
  partsOf,
  type Question,
  queryOf,
  questions,
  sourceKinds,
} from "./init/questions.ts";
import { settingsFile } from "./init/settings-file.ts";

const root = join(import.meta.dirname, "..", "..");
const asked: readonly Question[] = questions;

export const name = "init";
export const summary = "write signalman.yml and .env, and say what to do in Slack and FeatBit";
export const usage = `Usage: signalman init [--yes] [--force] [--folder FOLDER] [answers]

Asks what it has to know, writes signalman.yml and .env (readable by you alone) and prints the link that creates the
Slack app, the permissions of the FeatBit tokens, and the flags that Signalman's controls need. Secrets are no answers:
those that are set in the environment (SLACK_BOT_TOKEN …) are taken over, those of sources are made.

  --yes      asks nothing: what no flag answers has its default
  --force    replaces files that are there and keeps them as *.replaced; without it they stay, or you are asked
  --folder   where to write; the working folder unless told
  --query    a metric of the service, NAME=PROMQL; may be given more than once

Answers:
${asked.map(({ flag, ask, fallback }) => `  --${flag.padEnd(18)} ${ask}${fallback === undefined ? " (needed)" : fallback === "" ? "" : ` (${fallback})`}`).join("\n")}

Exit code: 0 written, 1 left as it was, 2 wrong usage.`;

export async function run(args: string[]): Promise<number> {
  const options: ParseArgsOptionsConfig = Object.fromEntries(
    asked.map(({ flag }) => [flag, { type: "string" }]),
  );
  const { values } = parseArgs({
    args,
    options: {
      ...options,
      yes: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      folder: { type: "string", default: "." },
      query: { type: "string", multiple: true, default: [] },
    },
  });
  const given = new Map(
    Object.entries(values).flatMap(([flag, value]) => (typeof value === "string" ? [[flag, value]] : [])),
  );
  const queries = values.query.map(queryOf);
  const folder = resolve(values.folder);
  using prompt = values.yes ? null : createPrompt();
  const there = [".env", "signalman.yml"].filter((file) => existsSync(join(folder, file)));
  if (there.length > 0 && !values.force && !(await mayReplace(there, prompt))) {
    process.stderr.write(`Left as it was: ${there.join(" and ")} in ${folder}. --force replaces.\n`);
    return 1;
  }
  const answers = { ...(prompt === null ? taken(given) : await answered(given, prompt)), queries };
  write(folder, answers, there);
  return 0;
}

async function mayReplace(there: readonly string[], prompt: Prompt | null): Promise<boolean> {
  if (prompt === null) return false;
  const answer = await prompt.question(`${there.join(" and ")} stand here already. Replace? [no] `);
  return /^y(es)?$/i.test(answer.trim());
}

function write(folder: string, answers: Answers, there: readonly string[]): void {
  const kinds: readonly string[] = sourceKinds;
  for (const kind of partsOf(answers.sources)) {
    if (kinds.includes(kind)) continue;
    throw new UsageError(
      `There is no kind of source "${kind}"; there are ${kinds.join(", ")}.${suggestion(kind, kinds)}`,
    );
  }
  const schema = relative(folder, join(root, "signalman.schema.json")) || "signalman.schema.json";
  const settings = settingsFile(answers, schema.replaceAll("\\", "/"));
  const read = readYaml(settings, { file: "signalman.yml", schema: Settings });
  if (read.kind === "faulty") throw new UsageError(`The answers do not fit:\n${read.findings.join("\n")}`);
  const { text, empty, made } = envFile(answers, processOrigin().env);

  mkdirSync(folder, { recursive: true });
  for (const file of there) {
    const old = join(folder, replacedName(file));
    renameSync(join(folder, file), old);
    if (file === ".env") chmodSync(old, 0o600);
  }
  writeFileSync(join(folder, "signalman.yml"), settings);
  const secrets = join(folder, ".env");
  writeFileSync(secrets, text, { mode: 0o600 });
  const verb = (file: string) =>
    there.includes(file) ? `Replaced, the old one is ${replacedName(file)}` : "Written";
  process.stdout.write(
    `${verb("signalman.yml")}: ${join(folder, "signalman.yml")}\n${verb(".env")}: ${secrets} (readable by you alone)\n${nextSteps(answers, empty, made)}`,
  );
}

/** What a file said beside our questions is asked for by nobody, so it stays to be copied from. */
function replacedName(file: string): string {
  return `${file}.replaced`;
}

/** Without asking. Throws `UsageError` naming every answer that is missing. */
function taken(given: ReadonlyMap<string, string>): Record<Flag, string> {
  const missing = asked.filter(({ flag, fallback }) => fallback === undefined && !given.has(flag));
  if (missing.length > 0) {
    throw new UsageError(
      `With --yes these must be given: ${missing.map(({ flag }) => `--${flag}`).join(", ")}.`,
    );
  }
  return record((flag, fallback) => given.get(flag) ?? fallback);
}

async function answered(given: ReadonlyMap<string, string>, prompt: Prompt): Promise<Record<Flag, string>> {
  const answers = new Map(given);
  for (const { flag, ask, fallback } of asked) {
    while (!answers.has(flag)) {
      const shown = fallback === undefined || fallback === "" ? "" : ` [${fallback}]`;
      const answer = (await prompt.question(`${ask}${shown}: `)).trim() || fallback;
      if (answer !== undefined) answers.set(flag, answer);
    }
  }
  return record((flag, fallback) => answers.get(flag) ?? fallback);
}

function record(valueOf: (flag: Flag, fallback: string) => string): Record<Flag, string> {
  const value = (flag: Flag): string =>
    valueOf(flag, asked.find((each) => each.flag === flag)?.fallback ?? "");
  return {
    "slack-channel": value("slack-channel"),
    "ops-channel": value("ops-channel"),
    "featbit-api": value("featbit-api"),
    "featbit-streaming": value("featbit-streaming"),
    "featbit-events": value("featbit-events"),
    "featbit-console": value("featbit-console"),
    project: value("project"),
    environments: value("environments"),
    service: value("service"),
    owner: value("owner"),
    flags: value("flags"),
    sources: value("sources"),
    prometheus: value("prometheus"),
    model: value("model"),
    "model-url": value("model-url"),
    host: value("host"),
    port: value("port"),
    "data-folder": value("data-folder"),
    "slack-api": value("slack-api"),
  };
}
