import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChangeId } from "../../../src/domain/ids.ts";
import { execute } from "../../../src/pipeline/execute.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { Crash } from "../../support/in-memory-store.ts";
import { createWorld, flagKey, leaseMs, settleMs, type World } from "./world.ts";

/** Where the process can die while it executes a change. */
const points: [string, (world: World) => unknown][] = [
  ["before it says that it begins", (world: World) => world.store.crash("before")],
  ["after it said that it begins", (world: World) => world.store.crash("after")],
  ["before the write", (world: World) => world.flags.fates.push("crash_before")],
  ["after the write", (world: World) => world.flags.fates.push("crash_after")],
  ["before it records the outcome", (world: World) => world.store.crash("before", 1)],
  ["after it recorded the outcome", (world: World) => world.store.crash("after", 1)],
];

/** One process takes the work and dies, or not; true if it died. */
async function live(world: World, id: ChangeId): Promise<boolean> {
  const item = await world.store.work.claim("execute", id, leaseMs);
  if (item === null) return false;
  try {
    const outcome = await execute(item, world.deps);
    if (outcome.kind === "again") await world.store.work.retry(item, world.clock.now(), outcome.because);
    if (outcome.kind === "nothing_to_do") await world.store.work.finish(item);
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

/** Everything that must hold however often somebody died. */
async function expectOnce(world: World, id: ChangeId): Promise<void> {
  expect((await world.change(id)).status).toBe("applied");
  expect(world.flags.flag(flagKey).isEnabled).toBe(false);
  expect(world.flags.writes).toHaveLength(1);
  const story = await world.story(id);
  expect(story.filter((type) => type === "execution_started")).toHaveLength(1);
  expect(story.filter((type) => type === "change_applied")).toHaveLength(1);
}

describe("a process that dies", () => {
  test.each(points)("%s: the next one finishes, with one write in all", async (_, die) => {
    const world = createWorld();
    const id = await world.approved();
    die(world);
    expect(await live(world, id)).toBe(true);
    world.clock.advance(leaseMs + settleMs);
    await world.execute(id);
    await expectOnce(world, id);
  });

  test("again and again, anywhere: one write in all", async () => {
    let died = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...points), { maxLength: 6 }),
        fc.integer({ min: 1, max: leaseMs }),
        async (deaths, waitMs) => {
          const world = createWorld();
          // The approval must outlive all the deaths.
          world.contracts.forEach((contract, tool) => {
            const { approval } = contract;
            if (approval === undefined) throw new Error("no approval rule");
            world.contracts.set(tool, { ...contract, approval: { ...approval, expiresAfter: "7d" } });
          });
          const id = await world.approved();
          for (const [, die] of deaths) {
            die(world);
            if (await live(world, id)) died += 1;
            world.clock.advance(leaseMs + waitMs);
          }
          // What had been in wait for a process that never came so far must not kill the last one.
          world.flags.fates.length = 0;
          for (let round = 0; round < 4; round += 1) {
            await live(world, id).catch(() => undefined);
            world.clock.advance(leaseMs + settleMs);
          }
          await expectOnce(world, id);
        },
      ),
      seeded("execute: deaths", 1000),
    );
    expect(died).toBeGreaterThan(1000);
  });
});
