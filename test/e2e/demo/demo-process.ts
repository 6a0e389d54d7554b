import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const launcher = join(import.meta.dirname, "..", "..", "..", "bin", "signalman.js");

export interface DemoProcess extends AsyncDisposable {
  child: ChildProcess;
  /** All it has written so far. */
  output(): string;
  /** Waits for a line that matches; rejects with the output when the process ends first. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  ended(): Promise<number | null>;
}

/** `signalman demo …` as people start it. It is told to stop at the end of the scope. */
export function startDemo(args: readonly string[], env: Record<string, string> = {}): DemoProcess {
  const child = spawn(process.execPath, [launcher, "demo", ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  const end = once(child, "close").then(() => child.exitCode);
  return {
    child,
    output: () => lines.join("\n"),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void end.then((code) => reject(new Error(`the demo ended with ${code}:\n${lines.join("\n")}`)));
      }),
    ended: () => end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await end;
    },
  };
}
