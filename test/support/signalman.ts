import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Log, LogFields } from "../../src/pipeline/ports/log.ts";
import type { World } from "../../src/sandbox/world/create-world.ts";
import { plantCluster } from "./cluster-template.ts";
import { until } from "./until.ts";

export const launcher = join(import.meta.dirname, "..", "..", "bin", "signalman.js");

/** What Signalman is pointed at: a world, or anything with its settings and variables. */
export type Pointed = Pick<World, "settings" | "env">;

export interface Running extends AsyncDisposable {
  /** Where webhooks come in; "" for a process without a door. */
  doorUrl: string;
  /** Where people read; "" without a console. */
  consoleUrl: string;
  /** What it logged so far, newest last. */
  log: () => string;
}

/** A folder of its own to run in, which the database's account may pass; removed at the end. */
export function workFolder(): Disposable & { path: string; dataFolder: string } {
  const path = mkdtempSync("/tmp/signalman-e2e-");
  chmodSync(path, 0o711);
  const dataFolder = join(path, "data");
  plantCluster(dataFolder);
  return {
    path,
    dataFolder,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Writes `signalman.yml`, as a person would who installs it. */
export function writeSettings(folder: string, settings: Record<string, unknown>): void {
  writeFileSync(join(folder, "signalman.yml"), stringify(settings));
}

/** The real application in this process, configured from files and variables as always. */
export async function startSignalman(pointed: Pointed, folder: string, role = "all"): Promise<Running> {
  writeSettings(folder, pointed.settings);
  const lines: string[] = [];
  const config = loadConfig({ role, env: pointed.env, cwd: folder });
  const app = await createApp({ config, log: collecting(lines) });
  return {
    doorUrl: app.doorUrl ?? "",
    consoleUrl: app.consoleUrl ?? "",
    log: () => lines.join("\n"),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

export interface SpawnOptions {
  role?: string;
  /** In place of the world's variables. */
  env?: Record<string, string>;
  account?: { uid: number; gid: number };
  launcher?: string;
  /** A program and its arguments that start Signalman, such as a tracer. */
  under?: readonly string[];
  /** Told its process id at once, long before it is ready. */
  begun?: (pid: number) => void;
}

export interface Spawned extends Running {
  child: ChildProcess;
  pid: number;
  /** Resolves when it has ended, with its exit code; null after a signal. */
  ended: Promise<number | null>;
  kill9(): Promise<void>;
}

/** `signalman start` as a process of its own, running and ready. Rejects with its output if it ends or is late. */
export async function spawnSignalman(
  pointed: Pointed,
  folder: string,
  options: SpawnOptions = {},
): Promise<Spawned> {
  writeSettings(folder, pointed.settings);
  const started = launch(folder, options, options.env ?? pointed.env);
  const { child, output, ended } = started;
  options.begun?.(child.pid ?? 0);
  let over: number | null | undefined;
  void ended.then((code) => (over = code));
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (over !== undefined) return;
    child.kill(signal);
    const left = await Promise.race([ended.then(() => false), delay(15_000, true, { ref: false })]);
    if (!left) return;
    child.kill("SIGKILL");
    throw new Error(`signalman did not end within 15 s of ${signal}:\n${output()}`);
  };
  let door: string;
  try {
    door = await until(
      `signalman ${options.role ?? "all"} to run`,
      () => {
        if (over !== undefined) throw new Error(`signalman ended with ${over}:\n${output()}`);
        const line = /"door":("[^"]*"|null)/.exec(output())?.[1];
        return line;
      },
      { timeoutMs: 30_000, seen: output },
    );
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    doorUrl: door === "null" ? "" : door.slice(1, -1),
    consoleUrl: /"console":"([^"]*)"/.exec(output())?.[1] ?? "",
    log: output,
    kill9: () => stop("SIGKILL"),
    [Symbol.asyncDispose]: () => stop("SIGTERM"),
  };
}

export interface Ended {
  code: number | null;
  output: string;
  tookMs: number;
}

/** `signalman <args>` until it ends by itself. One that still runs after `withinMs` is killed and is an error. */
export async function runSignalman(
  args: readonly string[],
  folder: string,
  env: Record<string, string>,
  withinMs = 20_000,
): Promise<Ended> {
  const startedAt = performance.now();
  const { child, output, ended } = launch(folder, {}, env, args);
  const late = Symbol("late");
  const code = await Promise.race([ended, delay(withinMs, late, { ref: false })]);
  if (code === late) {
    child.kill("SIGKILL");
    throw new Error(`signalman ${args.join(" ")} still runs after ${withinMs} ms:\n${output()}`);
  }
  return {
    code: typeof code === "number" ? code : null,
    output: output(),
    tookMs: performance.now() - startedAt,
  };
}

function launch(
  folder: string,
  { role, account, under = [], launcher: script = launcher }: SpawnOptions,
  env: Record<string, string>,
  args: readonly string[] = ["start", ...(role === undefined ? [] : ["--role", role])],
) {
  const [program = process.execPath, ...rest] = [...under, process.execPath, script, ...args];
  const child = spawn(program, rest, {
    cwd: folder,
    // Nothing of this process's own environment: a credential must come from the test or not at all.
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const pieces: string[] = [];
  child.stdout.on("data", (data: Buffer) => pieces.push(data.toString()));
  child.stderr.on("data", (data: Buffer) => pieces.push(data.toString()));
  const ended = once(child, "close").then(() => child.exitCode);
  return { child, ended, output: () => pieces.join("") };
}

function collecting(lines: string[]): Log {
  const write = (level: string) => (fields: LogFields, message: string) => {
    const { err, ...rest } = fields;
    const stack = err instanceof Error ? ` ${err.stack ?? err.message}` : "";
    lines.push(`${level} ${message} ${JSON.stringify(rest)}${stack}`);
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
