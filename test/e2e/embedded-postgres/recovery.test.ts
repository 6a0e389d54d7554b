import { mkdtemp, chmod, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { createDoorbell } from "../../../src/adapters/queue/doorbell.ts";
import { createRelay } from "../../../src/pipeline/relay.ts";
import { createSweeper } from "../../../src/pipeline/sweeper.ts";
import { silent } from "../../contract/queue/queues.ts";
import { follow } from "../../contract/storage/given.ts";
import { newChangeId } from "../../contract/storage/story-of-streams.ts";
import { plantCluster } from "../../support/cluster-template.ts";
import { serverPid } from "./holder.ts";

it("goes on with store and doorbell after kill -9 of the server under them", async () => {
  const folder = await mkdtemp("/tmp/signalman-test-");
  await chmod(folder, 0o711);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dataFolder = path.join(folder, "data");
  plantCluster(dataFolder);
  await using database = await createEmbeddedPostgres({ dataFolder, log: () => undefined });
  const pool = createPool(database.connection, () => undefined);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => pool.end());
  await migrate(pool);
  const doorbell = stack.use(
    await createDoorbell({ kind: "postgres", connection: database.connection }, silent),
  );
  const store = createStore(pool, { onCommitted: createRelay(doorbell, silent).ringWork });
  stack.use(createSweeper({ store, doorbell, everyMs: 500, log: silent }));
  const done = new Map<string, () => void>();
  stack.use(
    await doorbell.answer("verify", 2, async (subject) => {
      const item = await store.work.claim("verify", subject, 1_000);
      if (item !== null && (await store.work.finish(item))) done.get(subject)?.();
    }),
  );
  const work = async () => {
    const subject = newChangeId();
    const finished = new Promise<void>((resolve) => done.set(subject, resolve));
    for (;;) {
      const commit = store.ledger.commit({ writes: [], followUps: [follow("verify", subject)] });
      if (await commit.then(() => true, failsForNow)) break;
      await delay(20);
    }
    await finished;
  };
  await work();
  for (let kill = 0; kill < 3; kill++) {
    process.kill((await serverPid(path.join(dataFolder, "postgres"))) ?? 0, "SIGKILL");
    const from = performance.now();
    await work();
    const waited = performance.now() - from;
    process.stdout.write(`work done again ${waited.toFixed(0)} ms after kill -9 of the server\n`);
    expect(waited).toBeLessThan(8_000);
  }
});

/** While the server is away every call must fail as something that may be tried again. */
function failsForNow(error: unknown): false {
  expect(error).toMatchObject({ name: "OpsError", retryable: true });
  return false;
}
