import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import type { Ours } from "./contenders.ts";
import { memoryMb, parentOf } from "./memory.ts";

/** The processes that an installation consists of: ours, and the database's. */
export async function processesOf(
  { processes }: Pick<Ours, "processes">,
  database: Client,
): Promise<number[]> {
  const { rows } = await database.query<{ pid: number }>("select pg_backend_pid() as pid");
  return [...processes.map(({ pid }) => pid), parentOf(rows[0]?.pid ?? 0)].filter((pid) => pid > 1);
}

/** Longer than it takes until a process that has nothing to do has given back what is free. */
export const restMs = 12_000;

/** Begins at rest. Looks every 2 s: reading what a process holds costs it something. */
export async function watchMemory(ours: Pick<Ours, "processes">, database: Client) {
  const pids = await processesOf(ours, database);
  await delay(restMs);
  const atRest = memoryMb(pids);
  let peak = atRest;
  const look = () => (peak = Math.max(peak, memoryMb(pids)));
  const timer = setInterval(look, 2000);
  return {
    atRest: () => atRest,
    now: () => memoryMb(pids),
    peak: () => look(),
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
