import { describe, expect, test } from "vitest";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { FlagWriter } from "../../../src/pipeline/ports/flag-platform.ts";
import { createWorld, flagKey, settleMs, type World } from "./world.ts";

const ingress = () => new OpsError("not_found", "Nothing answers at this path (404): check FEATBIT_API_URL.");

const tooSlow = async () => Promise.reject(new OpsError("timeout", "PostgreSQL: statement timeout"));

/** The writer of the world, with one of its two calls replaced. */
function replace(world: World, over: Partial<FlagWriter>): () => void {
  world.deps.writer = { ...world.flags.writer, ...over };
  return () => {
    world.deps.writer = world.flags.writer;
  };
}

function waiting(world: World, stage: string) {
  return [...world.store.tables.work.values()].filter(
    (row) => row.stage === stage && row.status === "waiting",
  );
}

async function uncertain(world: World) {
  const id = await world.approved();
  world.flags.fates.push("lost");
  await world.execute(id);
  world.clock.advance(settleMs);
  return id;
}

describe("an execution that cannot be settled", () => {
  const failures: [string, () => Error][] = [
    ["the page of an ingress", ingress],
    ["a token that was rotated", () => new OpsError("unauthorized", "FeatBit refused the access token.")],
    ["a bug", () => new Error("cannot read properties of undefined")],
  ];
  test.each(failures)("because of %s: tried for ten minutes, then a person is called", async (_, failure) => {
    const world = createWorld();
    const id = await uncertain(world);
    replace(world, { reconcile: async () => Promise.reject(failure()) });
    const startedAt = Date.parse((await world.change(id)).execution?.startedAt ?? "");
    let tries = 0;
    while ((await world.change(id)).status === "executing" && tries < 100) {
      await world.execute(id);
      expect(await world.store.work.parked(10)).toEqual([]);
      world.clock.advance(30_000);
      tries += 1;
    }
    const { status, ended } = await world.change(id);
    expect(status).toBe("needs_human");
    expect(ended?.reason).toContain(failure().message);
    expect(ended?.reason).toContain("look at the flag");
    expect(tries).toBeGreaterThanOrEqual(20);
    expect(Date.parse(world.clock.now()) - startedAt).toBeGreaterThanOrEqual(600_000);
    expect(waiting(world, "execute")).toEqual([]);
    expect(world.flags.writes).toEqual([]);
  });

  test("for a moment only is settled as if nothing had been", async () => {
    const world = createWorld();
    const id = await uncertain(world);
    const undo = replace(world, { reconcile: async () => Promise.reject(ingress()) });
    await world.execute(id);
    undo();
    world.clock.advance(30_000);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
  });

  test("is tried again within half a minute, however long others ask to wait", async () => {
    const world = createWorld();
    const id = await uncertain(world);
    const wait = new OpsError("rate_limited", "Wait.", { retryAfterMs: 86_400_000 });
    replace(world, { reconcile: async () => Promise.reject(wait) });
    await world.execute(id);
    const [row] = waiting(world, "execute");
    expect(Date.parse(row?.dueAt ?? "") - Date.parse(world.clock.now())).toBe(30_000);
  });

  test("long after its process died is still tried often before a person is called", async () => {
    const world = createWorld();
    const id = await uncertain(world);
    world.clock.advance(20 * 60_000);
    replace(world, { reconcile: async () => Promise.reject(ingress()) });
    await world.execute(id);
    expect((await world.change(id)).status).toBe("executing");
  });
});

test("the flag cannot be read for a moment just before the write: sent a little later, and not failed", async () => {
  const world = createWorld();
  const id = await world.approved();
  const cut = new OpsError("unreachable", "FeatBit could not be reached.");
  const undo = replace(world, { apply: async () => Promise.reject(cut) });
  await world.execute(id);
  expect((await world.change(id)).status).toBe("executing");
  undo();
  world.clock.advance(500);
  await world.execute(id);
  world.clock.advance(settleMs);
  await world.execute(id);
  expect((await world.change(id)).status).toBe("applied");
  expect(world.flags.writes).toHaveLength(1);
});

/** Answers nothing, takes `tookMs`, and is gone. */
const unanswered =
  (world: World, tookMs: number, mayGoOnMs: number): FlagWriter["apply"] =>
  async () => {
    world.clock.advance(tookMs);
    return { kind: "unknown", reason: "No answer came.", settleMs: mayGoOnMs };
  };

describe("a write that nobody answered", () => {
  test("is not sent again, nor said to be unwritten, before it has settled, counted from its own end", async () => {
    const world = createWorld();
    const id = await world.approved();
    for (let sent = 0; sent < 3; sent += 1) {
      const undo = replace(world, { apply: unanswered(world, 40_000, 45_000) });
      await world.execute(id);
      undo();
      world.clock.advance(44_999);
      await world.execute(id);
      expect(world.flags.writes).toEqual([]);
      expect((await world.change(id)).status).toBe("executing");
      world.clock.advance(1);
    }
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
  });

  test("is looked at soon where the platform says that it cannot go on for long", async () => {
    const world = createWorld();
    const id = await world.approved();
    const undo = replace(world, { apply: unanswered(world, 0, 10) });
    await world.execute(id);
    undo();
    world.clock.advance(10);
    await world.execute(id);
    expect(world.flags.flag(flagKey).isEnabled).toBe(false);
  });

  test("is not sent again early because the database failed to record it", async () => {
    const world = createWorld();
    const id = await world.approved();
    const { store } = world;
    const undo = replace(world, {
      apply: async (request) => {
        world.deps.store = { ...store, ledger: { ...store.ledger, commit: tooSlow } };
        return unanswered(world, 10_000, 45_000)(request);
      },
    });
    await world.execute(id);
    undo();
    world.deps.store = store;
    world.clock.advance(44_999);
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    world.clock.advance(1);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
  });
});

test("an applied reverse ends the wait for the effect of what it reverses", async () => {
  const world = createWorld();
  const origin = await world.approved();
  await world.execute(origin);
  expect(waiting(world, "verify").map(({ subject }) => subject)).toEqual([origin]);
  const { incidentId } = await world.change(origin);
  const reverse = await world.approved({
    operation: { tool: "flag.turn_on" },
    incidentId,
    requester: { kind: "person", userId: "U0MAYA", name: "Maya" },
    lineage: { kind: "reverses", changeId: origin },
  });
  await world.execute(reverse);
  expect(await world.change(origin)).toMatchObject({
    status: "closed",
    closure: { linkedChangeId: reverse },
  });
  expect(waiting(world, "verify").map(({ subject }) => subject)).toEqual([reverse]);
});
