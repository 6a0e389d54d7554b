import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export const launcher = join(import.meta.dirname, "..", "..", "..", "bin", "signalman.js");

/** Makes this Node say that it is an old one, so that the launcher looks for another. */
export const asOldNode = [
  "--import",
  'data:text/javascript,Object.defineProperty(process,"version",{value:"v20.0.0"})',
];

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd: string;
  env?: Record<string, string>;
  nodeArgs?: readonly string[];
  /** What is piped into it. */
  input?: string;
}

export function startCli(args: readonly string[], { cwd, env = {}, nodeArgs = [], input }: CliOptions) {
  const child: ChildProcess = spawn(process.execPath, [...nodeArgs, launcher, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.end(input);
  const result = (async (): Promise<CliResult> => {
    if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.exitCode === null ? once(child, "exit") : null,
    ]);
    return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
  })();
  return { child, result };
}

export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).result;
}

/** An empty working folder, removed at the end of the scope; everybody may enter, so that a database can lie in it. */
export function emptyFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "signalman-cli-"));
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
