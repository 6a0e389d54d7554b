import { expect, test } from "vitest";
import { later } from "../../../src/domain/ids.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { RunStage } from "../../../src/pipeline/run-stage.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { createWorld, type World } from "./world.ts";

const subject = "CHG-0000000009";
const maxAttempts = 10;

async function withWork(): Promise<World> {
  const world = createWorld();
  await world.store.ledger.commit({ writes: [], followUps: [{ stage: "verify", subject, correlationId }] });
  return world;
}

const drain = (world: World, run: RunStage) => world.drain("verify", subject, run, maxAttempts);
function failing(error: Error): RunStage {
  return async () => {
    throw error;
  };
}

/** How long from now until the row is due again; null when it does not wait. */
function waitMs(world: World): number | null {
  const row = [...world.store.tables.work.values()].find(({ status }) => status === "waiting");
  return row === undefined ? null : Date.parse(row.dueAt) - Date.parse(world.clock.now());
}

test("waits twice as long after each failure, half a minute at most, and is parked after the last", async () => {
  const world = await withWork();
  const waits: (number | null)[] = [];
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await drain(world, failing(new OpsError("unreachable", "Prometheus is away.")));
    waits.push(waitMs(world));
    world.clock.advance(waitMs(world) ?? 0);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, null]);
  expect(await world.store.work.parked(10)).toMatchObject([{ subject, error: "Prometheus is away." }]);
  expect(world.logged.at(-1)).toMatchObject({
    level: "error",
    message: expect.stringMatching(/^Parked after 10/),
  });
  await drain(world, failing(new Error("it must not run again")));
  expect(world.logged.some(({ message }) => message.includes("it must not run"))).toBe(false);
});

test("waits as long as the other side asked it to", async () => {
  const world = await withWork();
  await drain(world, failing(new OpsError("rate_limited", "Slow down.", { retryAfterMs: 47_000 })));
  expect(waitMs(world)).toBe(47_000);
  world.clock.advance(46_999);
  let ran = 0;
  const run: RunStage = async () => {
    ran += 1;
    return { kind: "nothing_to_do" };
  };
  await drain(world, run);
  expect(ran).toBe(0);
  world.clock.advance(1);
  await drain(world, run);
  expect(ran).toBe(1);
  expect(world.store.tables.work.size).toBe(0);
});

test("comes again when the stage says so, and has the bell rung for then", async () => {
  const world = await withWork();
  await drain(world, async () => ({ kind: "again", inMs: 1234, because: "not yet" }));
  expect(waitMs(world)).toBe(1234);
  expect(world.rung).toEqual([{ stage: "verify", subject, dueAt: later(world.clock.now(), 1234) }]);
});

test("leaves alone what another holds by now", async () => {
  const world = await withWork();
  await drain(world, async () => ({ kind: "handed_over" }));
  expect([...world.store.tables.work.values()]).toMatchObject([{ status: "held" }]);
});

test("a bug is tried again like an outage, and named a bug", async () => {
  const world = await withWork();
  await drain(world, failing(new TypeError("x is not a function")));
  expect(waitMs(world)).toBe(500);
  expect(world.logged).toContainEqual(
    expect.objectContaining({
      level: "warn",
      fields: expect.objectContaining({ errorClass: "bug", correlationId, stage: "verify" }),
    }),
  );
});
