import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { createDoorbell, type DoorbellConnection } from "../../../src/adapters/queue/doorbell.ts";
import { later } from "../../../src/domain/ids.ts";
import { verifyLedger } from "../../../src/domain/ledger/verify-ledger.ts";
import type { Doorbell } from "../../../src/pipeline/ports/queue.ts";
import type { Store } from "../../../src/pipeline/ports/storage.ts";
import { createRelay } from "../../../src/pipeline/relay.ts";
import { createSequencer } from "../../../src/pipeline/sequencer.ts";
import { createSweeper } from "../../../src/pipeline/sweeper.ts";
import { availableDatabases, type TestDatabase } from "../../support/databases.ts";
import { openRedis, redisBinary } from "../../support/redis.ts";
import { silent } from "../queue/queues.ts";
import { follow } from "./given.ts";
import {
  acknowledged,
  delivery,
  incidentWrite,
  newChangeId,
  newIncidentId,
  opened,
} from "./story-of-streams.ts";

interface SetUp {
  title: string;
  database: TestDatabase;
  redis: string | undefined;
}

const databases = availableDatabases();
const redis = redisBinary();
const setUps: SetUp[] = databases.map((database) => ({ title: database.title, database, redis: undefined }));
const last = databases.at(-1);
if (redis !== undefined && last !== undefined) {
  setUps.push({ title: `${last.title} and Redis`, database: last, redis });
}

describe.each(setUps)("rows and rings on $title", ({ database, redis }) => {
  const stack = new AsyncDisposableStack();
  let store: Store;
  /** The same database without a relay: its rings are all lost. */
  let deafStore: Store;
  let doorbell: Doorbell;

  beforeAll(async () => {
    const server = stack.use(await database.open());
    const connection = await server.database();
    const pool = createPool(connection, () => undefined);
    stack.defer(() => pool.end());
    await migrate(pool);
    const queue: DoorbellConnection =
      redis === undefined
        ? { kind: "postgres", connection }
        : { kind: "redis", url: stack.use(await openRedis(redis)).url };
    const opened = stack.use(await createDoorbell(queue, silent));
    doorbell = opened;
    const relay = createRelay(opened, silent);
    store = createStore(pool, { onCommitted: relay.ringWork, onAccepted: relay.ringSources });
    deafStore = createStore(pool);
  });
  afterAll(() => stack.disposeAsync());

  /** Claims and finishes what is due, as a stage does; resolves per subject with the time it was done. */
  async function workOff(stage: "verify" | "execute" | "expire") {
    const done = new Map<string, PromiseWithResolvers<number>>();
    const slot = (subject: string) => {
      const known = done.get(subject) ?? Promise.withResolvers<number>();
      done.set(subject, known);
      return known;
    };
    const answering = await doorbell.answer(stage, 4, async (subject) => {
      for (;;) {
        const item = await store.work.claim(stage, subject, 1_000);
        if (item === null) return;
        await store.work.finish(item);
        slot(subject).resolve(Date.now());
      }
    });
    return {
      done: (subject: string) => slot(subject).promise,
      [Symbol.asyncDispose]: () => answering[Symbol.asyncDispose](),
    };
  }

  it("starts work at once, with the sweeper off", async () => {
    await using worker = await workOff("verify");
    const subjects = Array.from({ length: 50 }, newChangeId);
    const from = Date.now();
    await Promise.all(
      subjects.map((subject) => store.ledger.commit({ writes: [], followUps: [follow("verify", subject)] })),
    );
    await Promise.all(subjects.map(worker.done));
    expect(Date.now() - from).toBeLessThan(2_000);
  });

  it("rings a source once its deliveries are committed", async () => {
    const heard = Promise.withResolvers<string>();
    await using _ = await doorbell.answer("intake", 1, async (source) => heard.resolve(source));
    await store.inbox.accept(delivery("alertmanager", null));
    expect(await heard.promise).toBe("alertmanager");
  });

  it("finds rows whose ring was lost, timers, and rows whose worker has died", async () => {
    const [lost, timer, orphan] = [newChangeId(), newChangeId(), newChangeId()];
    const dueAt = later(await store.now(), 900);
    await deafStore.ledger.commit({ writes: [], followUps: [follow("execute", lost)] });
    await deafStore.ledger.commit({ writes: [], followUps: [follow("execute", timer, dueAt)] });
    await deafStore.ledger.commit({ writes: [], followUps: [follow("execute", orphan)] });
    expect(await store.work.claim("execute", orphan, 500)).not.toBeNull(); // and then never seen again
    await using worker = await workOff("execute");
    await delay(100);
    expect(await store.work.waiting(await store.now(), 100)).toMatchObject([{ subject: lost }]);

    await using _ = createSweeper({ store, doorbell, everyMs: 200, log: silent });
    await worker.done(lost);
    await worker.done(orphan);
    expect(await worker.done(timer)).toBeGreaterThanOrEqual(Date.parse(dueAt));
    expect(Date.now()).toBeLessThan(Date.parse(dueAt) + 1_500);
  });

  it("fires a timer that the relay rang when it was set", async () => {
    await using worker = await workOff("expire");
    const subject = newChangeId();
    const dueAt = later(await store.now(), 400);
    await store.ledger.commit({ writes: [], followUps: [follow("expire", subject, dueAt)] });
    const doneAt = await worker.done(subject);
    expect(doneAt).toBeGreaterThanOrEqual(Date.parse(dueAt));
    expect(doneAt).toBeLessThan(Date.parse(dueAt) + 500);
  });

  it("positions every event although two sequencers run and one ends", async () => {
    const first = createSequencer({ store, holder: "a", log: silent });
    await using _ = createSequencer({ store, holder: "b", log: silent });
    const id = newIncidentId();
    await store.ledger.commit({ writes: [incidentWrite(id, 0, [opened(`group ${id}`)])] });
    await first[Symbol.asyncDispose]();
    for (let version = 1; version <= 20; version++) {
      await store.ledger.commit({ writes: [incidentWrite(id, version, [acknowledged("Ruth")])] });
    }
    for (let tries = 0; (await store.ledger.unsequenced()) > 0; tries++) {
      if (tries > 100) throw new Error("events stay without a position");
      await delay(50);
    }
    const verdict = await verifyLedger({ entries: (from, limit) => store.ledger.stored(from, limit) });
    expect(verdict).toMatchObject({ kind: "intact", entries: 21 });
  });
});
