import { readdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, UsageError } from "./command.ts";
import { holdYoungSpace } from "./commands/start/hold-memory.ts";
import { suggestion } from "./domain/closest-word.ts";
import { ConfigError } from "./domain/config-error.ts";
import { OpsError } from "./domain/ops-error.ts";

const exitCodes = { done: 0, failed: 1, misused: 2 } as const;
const folder = join(import.meta.dirname, "commands");

/** Runs one command line and answers the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function main(args: readonly string[]): Promise<number> {
  enableCompileCache();
  holdYoungSpace();
  endQuietlyWhenNobodyReads();
  const [word, ...rest] = args;
  let command: Command | null = null;
  try {
    if (word === undefined) {
      process.stderr.write(await overview());
      return exitCodes.misused;
    }
    if (word === "--help" || word === "-h" || word === "help") {
      process.stdout.write(rest[0] === undefined ? await overview() : usageOf(await find(rest[0])));
      return exitCodes.done;
    }
    command = await find(word);
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(usageOf(command));
      return exitCodes.done;
    }
    return await command.run(rest);
  } catch (error) {
    return tell(error, command);
  }
}

/** The commands are the files of the folder: adding one is all it takes. */
function names(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .toSorted();
}

async function find(word: string): Promise<Command> {
  const known = names();
  if (!known.includes(word)) {
    throw new UsageError(`There is no command "${word.slice(0, 60)}".${suggestion(word, known)}`);
  }
  const loaded: unknown = await import(pathToFileURL(join(folder, `${word}.ts`)).href);
  if (isCommand(loaded)) return loaded;
  throw new Error(`src/commands/${word}.ts does not export name, summary, usage and run`);
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== "object" || value === null) return false;
  return ["name", "summary", "usage", "run"].every((key) => key in value);
}

async function overview(): Promise<string> {
  const commands = await Promise.all(names().map(find));
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Usage: signalman <command> [options]",
    "",
    ...rows,
    "",
    'See "signalman <command> --help" for one of them.',
    "",
  ].join("\n");
}

function usageOf(command: Command): string {
  return `${command.summary}\n\n${command.usage.trim()}\n`;
}

function tell(error: unknown, command: Command | null): number {
  if (error instanceof ConfigError) {
    process.stderr.write(error.findings.map((finding) => `${finding}\n`).join(""));
    return exitCodes.misused;
  }
  if (error instanceof UsageError || isParseArgsError(error)) {
    const help = command === null ? 'See "signalman --help".' : command.usage.trim();
    process.stderr.write(`${error.message}\n\n${help}\n`);
    return exitCodes.misused;
  }
  if (error instanceof OpsError) {
    process.stderr.write(`${error.message}\n`);
    return error.code === "misconfigured" ? exitCodes.misused : exitCodes.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`This is a defect of Signalman:\n${text}\n`);
  return exitCodes.failed;
}

function isParseArgsError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("ERR_PARSE_ARGS_")
  );
}

/** `signalman audit show … | head` is no failure. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.done);
    throw error;
  });
}
