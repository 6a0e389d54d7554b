import { setTimeout as delay } from "node:timers/promises";
import { type Pointed, type Spawned, spawnSignalman } from "../../support/signalman.ts";
import { until } from "../../support/until.ts";

/** A process of Signalman that is started again whenever it ends, as an init system would. */
export interface Supervised extends AsyncDisposable {
  /** Of the process of this moment, which may still be starting; undefined between two. */
  pid(): number | undefined;
  /** How many processes there have been. */
  lives(): number;
  /** Resolves once a process runs and is ready. */
  ready(): Promise<void>;
  /** Kills the process of this moment with -9, ready or not; false where there is none. The next starts by itself. */
  kill9(): boolean;
  /** Everything that all of them logged. */
  log(): string;
}

export interface SupervisedOptions {
  pointed: Pointed;
  folder: string;
  role?: string;
  note: (line: string) => void;
}

/** So many starts in a row that come to nothing are no crash any more, but something that does not start. */
const mostFailures = 8;

export function supervise({ pointed, folder, role, note }: SupervisedOptions): Supervised {
  const name = role ?? "signalman";
  const logs: string[] = [];
  let running: Spawned | null = null;
  let pid: number | undefined;
  let lives = 0;
  let failure: Error | null = null;
  let ending = false;

  async function live(): Promise<void> {
    for (let failures = 0; failures < mostFailures;) {
      if (ending) return;
      lives += 1;
      try {
        const spawned = await spawnSignalman(pointed, folder, {
          ...(role !== undefined && { role }),
          env: pointed.env,
          begun: (given) => (pid = given),
        });
        failures = 0;
        running = spawned;
        if (!ending) await spawned.ended;
        running = null;
        if (ending) {
          await spawned[Symbol.asyncDispose]();
          logs.push(spawned.log());
          return;
        }
        logs.push(spawned.log());
        note(`${name}: its process ${spawned.pid} has ended; it is started again`);
      } catch (error) {
        failures += 1;
        failure = error instanceof Error ? error : new Error(String(error));
        logs.push(failure.message);
        note(`${name}: a start came to nothing (${failure.message.split("\n")[0]})`);
        await delay(100);
      }
      pid = undefined;
    }
  }
  const living = live();

  return {
    pid: () => pid,
    lives: () => lives,
    async ready() {
      await until(
        `${name} to run`,
        () => running !== null && running.child.exitCode === null && running.child.signalCode === null,
        {
          timeoutMs: 40_000,
          seen: () => failure?.message ?? "",
        },
      );
    },
    kill9() {
      if (pid === undefined) return false;
      note(`kill -9 ${name} ${pid}${running === null ? ", which was still starting" : ""}`);
      const victim = pid;
      [pid, running] = [undefined, null];
      try {
        return process.kill(victim, "SIGKILL");
      } catch {
        // It has just ended by itself.
        return false;
      }
    },
    log: () => [...logs, running?.log() ?? ""].join("\n"),
    async [Symbol.asyncDispose]() {
      ending = true;
      await running?.[Symbol.asyncDispose]();
      await living;
    },
  };
}
