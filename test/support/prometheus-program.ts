import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tool } from "./tools.ts";
import { until } from "./until.ts";

/** A program of the Prometheus project that runs in a folder of its own, on a port that it chose. */
export interface PrometheusProgram extends AsyncDisposable {
  url: string;
  /** Its folder; what it reads and writes lies there. */
  folder: string;
  log: () => string;
}

/** Null, and said so, where Prometheus or Alertmanager (Debian: prometheus, prometheus-alertmanager) is missing. */
export function prometheusBinaries(): { prometheus: string; alertmanager: string } | null {
  const prometheus = tool("prometheus");
  const alertmanager = tool("prometheus-alertmanager");
  return prometheus === null || alertmanager === null ? null : { prometheus, alertmanager };
}

/** Starts a program with these files in its folder; it must listen on port 0 of loopback and log where that is. */
export async function startPrometheusProgram(
  binary: string,
  files: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<PrometheusProgram> {
  const folder = mkdtempSync("/tmp/signalman-prometheus-");
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const child = spawn(binary, [...args, "--web.listen-address=127.0.0.1:0"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "close");
  let log = "";
  child.stderr.on("data", (data: Buffer) => (log += data.toString()));
  const dispose = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = await Promise.race([ended.then(() => false), delay(5000, true, { ref: false })]);
    if (late) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = await until(
      `${binary} to listen`,
      () => {
        if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}:\n${log}`);
        return /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      },
      { seen: () => log },
    );
    return { url: `http://${address}`, folder, log: () => log, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
