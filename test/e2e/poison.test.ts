import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPool } from "../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../src/adapters/postgres/store.ts";
import { type DeliveryId, idTail, IncidentId } from "../../src/domain/ids.ts";
import { drainSource } from "../../src/pipeline/intake/drain-source.ts";
import type { ParseDelivery } from "../../src/pipeline/ports/intake.ts";
import type { Store } from "../../src/pipeline/ports/storage.ts";
import { delivery } from "../contract/storage/story-of-streams.ts";
import { availableDatabases } from "../support/databases.ts";
import { alertWith } from "../support/incident-fixtures.ts";
import { intakeDefaults } from "../support/intake-deps.ts";

/**
 * T16. `SIGNALMAN_POISON_DELIVERIES` sets how many deliveries a run takes (1,000 by default).
 */
const count = Number(process.env["SIGNALMAN_POISON_DELIVERIES"] ?? 1_000);
const poisonAt = Math.floor(count / 2);

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const undo = new AsyncDisposableStack();
let store: Store;

beforeAll(async () => {
  const [embedded] = availableDatabases();
  if (embedded === undefined) throw new Error("the embedded database is always there");
  const server = undo.use(await embedded.open());
  const pool = createPool(await server.database(), () => undefined);
  undo.defer(() => pool.end());
  await migrate(pool);
  store = createStore(pool);
}, 60_000);
afterAll(() => undo.disposeAsync());

/** Reads the number of an alert; one of the bodies is poison: reading it is a bug. */
const parse =
  (isMended: () => boolean): ParseDelivery =>
  ({ body, sourceId }) => {
    const text = Buffer.from(body).toString();
    if (text === "poison" && !isMended()) throw new TypeError("Cannot read properties of undefined");
    const fingerprint = `alert ${text}`;
    return { kind: "alerts", alerts: [alertWith({ sourceId, fingerprint, groupHint: sourceId })] };
  };

/** Accepts all, takes all in as the worker does, and gives how long each waited for its end, sorted, in ms. */
async function run(sourceId: string, bodyAt: (index: number) => string, isMended = () => false) {
  const sent = Array.from({ length: count }, (_, index) => delivery(sourceId, null, bodyAt(index)));
  await Promise.all(sent.map((each) => store.inbox.accept(each)));
  const startedAt = performance.now();
  const waited: number[] = [];
  const watched: Store = {
    ...store,
    ledger: {
      ...store.ledger,
      commit: async (commit) => {
        const result = await store.ledger.commit(commit);
        const ms = performance.now() - startedAt;
        if (result.kind === "committed") waited.push(...(commit.settle ?? []).map(() => ms));
        return result;
      },
    },
  };
  const drain = () =>
    drainSource(sourceId, {
      ...intakeDefaults,
      store: watched,
      parse: parse(isMended),
      services: [],
      newIncidentId: () => IncidentId.parse(`INC-${idTail(randomBytes(10))}`),
      doorbell: { ring: async () => undefined },
      log: silent,
    });
  while ((await store.inbox.waitingSources()).includes(sourceId)) await drain();
  return { sent, drain, waited: waited.toSorted((a, b) => a - b) };
}

function p99(waited: readonly number[]): number {
  return Math.round(waited[Math.ceil(waited.length * 0.99) - 1] ?? 0);
}

function bodyAt(index: number): string {
  return index === poisonAt ? "poison" : String(index);
}

async function outcomes(ids: readonly DeliveryId[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const outcome = (await store.inbox.delivery(id))?.settlement?.outcome ?? "none";
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

it("one poison delivery ends alone in quarantine, and the rest goes on", async () => {
  let mended = false;
  const poisoned = await run("poisoned", bodyAt, () => mended);

  const ids = poisoned.sent.map(({ id }) => id);
  expect(await outcomes(ids)).toEqual(
    new Map([
      ["joined", count - 1],
      ["quarantined", 1],
    ]),
  );
  const [aside, ...more] = await store.inbox.quarantined(10, "poisoned");
  expect(more).toEqual([]);
  expect(aside).toMatchObject({
    id: ids[poisonAt],
    reason: expect.stringContaining("Reading it failed 5 times: Cannot read properties of undefined"),
  });
  if (aside === undefined) throw new Error("nothing is in quarantine");
  expect((await store.inbox.delivery(aside.id))?.attempts).toBeLessThanOrEqual(5);
  expect(await store.inbox.counts()).toEqual([{ sourceId: "poisoned", waiting: 0, quarantined: 1 }]);
  expect(await store.work.claim("tell", "quarantine/poisoned", 1_000)).not.toBeNull();
  expect(await store.work.claim("tell", "quarantine/poisoned", 1_000)).toBeNull();

  mended = true;
  expect(await store.inbox.requeue(aside.id, "Olga")).toBe(true);
  await poisoned.drain();
  expect(await outcomes(ids)).toEqual(new Map([["joined", count]]));
  expect(await store.inbox.quarantined(10)).toEqual([]);
}, 120_000);

it("the rest hardly waits for it", async () => {
  await run("warm-up", String);
  const ratios: number[] = [];
  for (const pair of [1, 2, 3, 4, 5]) {
    const clean = p99((await run(`clean-${pair}`, String)).waited);
    const poisoned = p99((await run(`with-poison-${pair}`, bodyAt)).waited);
    ratios.push(poisoned / clean);
  }
  const median = ratios.toSorted((a, b) => a - b)[2] ?? Number.NaN;
  const all = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
  process.stdout.write(
    `T16: p99 of the wait of ${count} deliveries with one poison over that without: median ${median.toFixed(2)} of ${all}\n`,
  );
  // The goal is 1.2; taken one by one instead it was above 4. In between is what a busy machine may do.
  expect(median).toBeLessThan(2);
}, 120_000);
