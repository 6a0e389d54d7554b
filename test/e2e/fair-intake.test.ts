import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { migrate } from "../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../src/adapters/postgres/store.ts";
import { createDoorbell } from "../../src/adapters/queue/doorbell.ts";
import { CorrelationId, DeliveryId } from "../../src/domain/ids.ts";
import { Service } from "../../src/domain/service.ts";
import { drainSource } from "../../src/pipeline/intake/drain-source.ts";
import type { ParsedDelivery } from "../../src/pipeline/ports/intake.ts";
import type { Log } from "../../src/pipeline/ports/log.ts";
import { stages } from "../../src/pipeline/stages.ts";
import { newIncidentId } from "../contract/storage/story-of-streams.ts";
import { availableDatabases, openPool } from "../support/databases.ts";
import { alertWith } from "../support/incident-fixtures.ts";
import { intakeDefaults } from "../support/intake-deps.ts";
import { typed } from "../support/typed.ts";
import { until } from "../support/until.ts";

const silent = () => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const loud = Array.from({ length: 20 }, (_, index) => `loud-${index}`);
const ofEach = 1500;
const slots = stages.find(({ stage }) => stage === "intake")?.concurrency ?? 0;

function deliveryOf(sourceId: string, fingerprint: string) {
  const content = { kind: "alerts", alerts: [alertWith({ sourceId, fingerprint, labels: {} })] };
  return {
    id: DeliveryId.parse(randomUUID()),
    correlationId: CorrelationId.parse(fingerprint),
    sourceId,
    deliveryKey: null,
    headers: {},
    body: Buffer.from(JSON.stringify(content)),
  };
}

test(`beside ${loud.length} sources that never rest a lone alert is taken in within a round, and a backlog is drained`, async () => {
  const [database] = availableDatabases();
  if (database === undefined) throw new Error("no database");
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await database.open());
  const connection = await server.database();
  const pool = stack.use(openPool({ ...connection, max: 10 }));
  await migrate(pool);
  const doorbell = stack.use(await createDoorbell({ kind: "postgres", connection }, log));
  const store = createStore(pool, { onCommitted: silent, onAccepted: silent });

  const noise = loud.flatMap((from) =>
    Array.from({ length: ofEach }, (_, index) => deliveryOf(from, `${from}-${index % 300}`)),
  );
  for (let start = 0; start < noise.length; start += 2000) {
    await Promise.all(noise.slice(start, start + 2000).map((one) => store.inbox.accept(one)));
  }
  const turns: string[] = [];
  const deps = {
    ...intakeDefaults,
    store,
    services: [Service.parse({ name: "none", owner: "o", environments: {}, sources: [{ id: "none" }] })],
    parse: ({ body }: { body: Uint8Array }) =>
      typed<ParsedDelivery>(JSON.parse(Buffer.from(body).toString())),
    newIncidentId,
    doorbell,
    log,
  };
  for (const from of loud) await doorbell.ring("intake", from);
  const started = performance.now();
  stack.use(
    await doorbell.answer("intake", slots, async (sourceId) => {
      turns.push(sourceId);
      await drainSource(sourceId, deps);
    }),
  );
  await until("the loud ones to be at it", () => turns.length > slots, { timeoutMs: 20_000 });
  const lone = deliveryOf("lone", "critical");
  const before = turns.length;
  const sent = performance.now();
  await store.inbox.accept(lone);
  await doorbell.ring("intake", "lone");
  const settled = async () => (await store.inbox.delivery(lone.id))?.settlement ?? undefined;
  await until("the lone alert to be taken in", settled, { timeoutMs: 20_000, everyMs: 10 });
  const waitedMs = performance.now() - sent;
  // Those that were before it in the queue, and those that were at it.
  expect(turns.indexOf("lone") - before).toBeLessThanOrEqual(loud.length + slots);
  expect(turns.length).toBeLessThan(3 * loud.length);

  const waiting = async () => (await store.inbox.counts()).reduce((sum, one) => sum + one.waiting, 0);
  await until("everything to be taken in", async () => ((await waiting()) === 0 ? true : undefined), {
    timeoutMs: 120_000,
    everyMs: 100,
  });
  const perSecond = Math.round(noise.length / ((performance.now() - started) / 1000));
  process.stdout.write(
    `fair intake: lone alert taken in after ${Math.round(waitedMs)} ms; ${noise.length} drained at ${perSecond} a second\n`,
  );
  expect(await store.inbox.quarantined(10)).toEqual([]);
  expect(perSecond).toBeGreaterThan(200);
}, 180_000);
