import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import type { Place } from "../../support/place.ts";
import { signLedger } from "../../support/sign-ledger.ts";
import type { BenchOptions } from "./bench.ts";
import { nowMs } from "./clock.ts";
import { startOurs } from "./contenders.ts";
import { fillLedger } from "./fill-ledger.ts";
import { closedLoop } from "./load.ts";
import { withDescendants } from "./memory.ts";
import type { Part } from "./part.ts";
import { processorTimeUs } from "./processor-time.ts";
import { sourceSecret } from "./stand-ins.ts";
import { processesOf } from "./watch-memory.ts";

/** What a burst of alerts came to. A job is an alert taken in, and its incident investigated. */
export interface Measured {
  /** Jobs done, from the first alert sent until the last is done. */
  perSecond: number;
  /** Of workers and database, for each job. */
  processorMs: number;
  /** Accepted, and no job in the end. */
  lost: number;
}

/** A door, so many workers, and a database with so much history behind it. */
export interface Works extends AsyncDisposable {
  /** Sends alerts as fast as they are taken, each an incident of its own, and waits until all are worked on. */
  burst(load: Part, jobs: number): Promise<Measured>;
}

const services = 60;
const connections = 20;
const patienceMs = 120_000;

export async function openWorks(
  options: BenchOptions,
  { workers, entries }: { workers: number; entries: number },
): Promise<Works> {
  await using stack = new AsyncDisposableStack();
  const roles = ["web", ...Array.from({ length: workers }, () => "worker" as const)] as const;
  const plan = { services, channelEach: true, groupBy: ["case"], withModel: false };
  const ours = stack.use(
    await startOurs({ ...options, store: "redis" }, roles, plan, {}, (place) => fill(place, entries)),
  );
  const database = new Client(await ours.place.connect());
  await database.connect();
  stack.defer(() => database.end());
  const [web = 0, ...others] = await processesOf(ours, database);
  await delay(1000);
  let bursts = 0;
  const owned = stack.move();
  return {
    async burst(load, jobs) {
      const mix = {
        url: ours.url,
        secret: sourceSecret,
        run: `mkscale${(bursts += 1)}`,
        services: Array.from({ length: services }, (_, index) => `bench-${index}`),
        fingerprints: null,
        named: true,
      };
      const before = { jobs: await jobsDone(database), us: spent(others, web) };
      const fromMs = nowMs();
      const sent = await load.ask(closedLoop, {
        mix,
        connections,
        warmUpMs: 0,
        measureMs: 60_000,
        most: jobs,
      });
      const giveUpMs = nowMs() + patienceMs;
      let done = 0;
      while (done < sent.acceptedInAll && nowMs() < giveUpMs) {
        await delay(50);
        done = (await jobsDone(database)) - before.jobs;
      }
      const seconds = (nowMs() - fromMs) / 1000;
      const processorMs = (spent(others, web) - before.us) / 1000 / Math.max(1, done);
      // The cards of this burst are none of the next one's.
      await delay(3000);
      return { perSecond: done / seconds, processorMs, lost: sent.acceptedInAll - done };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function fill(place: Place, entries: number): Promise<void> {
  const pool = createPool({ ...(await place.connect()), max: 4 }, () => undefined);
  try {
    await migrate(pool);
    if (entries === 0) return;
    await fillLedger(pool, entries);
    await signLedger(createStore(pool), join(place.dataFolder, "ledger"), 600_000);
  } finally {
    await pool.end();
  }
}

/** Alerts whose incident has been investigated, those of this database's whole life. */
async function jobsDone(database: Client): Promise<number> {
  const { rows } = await database.query<{ done: number }>(
    `select (select count(*) from signalman.inbox where outcome = 'joined')::int
          - (select count(*) from signalman.outbox where stage = 'investigate')::int as done`,
  );
  return rows[0]?.done ?? 0;
}

function spent(roots: readonly number[], without: number): number {
  return [...withDescendants(roots)]
    .filter((pid) => pid !== without)
    .reduce((sum, pid) => sum + processorTimeUs(pid), 0);
}
