import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { type ExplainedValue, explainConfig } from "../config/explain-config.ts";
import { loadConfig } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { settingsSchema } from "../config/settings-schema.ts";
import { suggestion } from "../domain/closest-word.ts";
import { ConfigError } from "../domain/config-error.ts";
import { configurationPage } from "./config/configuration-page.ts";

const words = ["print", "schema", "docs"];

export const name = "config";
export const summary = "show every setting and where it came from, or the schema of signalman.yml";
export const usage = `Usage: signalman config print [--role all|web|worker|executor] [--json] [--config FILE]
       signalman config schema
       signalman config docs

print    every value that holds and where it came from; secrets are masked. What is wrong stands behind it
schema   the JSON Schema of signalman.yml, for editors (kept as signalman.schema.json)
docs     docs/configuration.md, as it is generated from the schemas

Exit code: 0 in order, 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      role: { type: "string", default: "all" },
      json: { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const [word, more] = positionals;
  if (word === undefined) throw new UsageError("Say what to show: print, schema or docs.");
  if (more !== undefined) throw new UsageError(`There is one word too many: "${more}".`);
  switch (word) {
    case "schema":
      process.stdout.write(`${JSON.stringify(settingsSchema(), null, 2)}\n`);
      return 0;
    case "docs":
      process.stdout.write(configurationPage());
      return 0;
    case "print":
      return print(values.role, values.json, values.config);
    default:
      throw new UsageError(`There is no "config ${word.slice(0, 60)}".${suggestion(word, words)}`);
  }
}

function print(role: string, json: boolean, file: string | undefined): number {
  const origin = processOrigin(file);
  const values = explainConfig(origin);
  process.stdout.write(json ? `${JSON.stringify(values, null, 2)}\n` : table(values));
  try {
    loadConfig({ role, ...origin });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`\n${error.findings.map((finding) => `${finding}\n`).join("")}`);
    return 2;
  }
}

function table(values: readonly ExplainedValue[]): string {
  const rows = values.map(({ key, value, from }) => [key, value === null ? "-" : shown(value), from]);
  const width = (column: number) => Math.min(48, Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const [first, second] = [width(0), width(1)];
  return rows
    .map(([key = "", value = "", from = ""]) => `${key.padEnd(first)}  ${value.padEnd(second)}  ${from}\n`)
    .join("");
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
