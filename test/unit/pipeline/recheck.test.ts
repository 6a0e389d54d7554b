import { describe, expect, it } from "vitest";
import type { ChangeId } from "../../../src/domain/ids.ts";
import { recheck, recheckFollowUps } from "../../../src/pipeline/recheck.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { controlsWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, type World } from "./world.ts";

const hint = { environmentId: "env-1", flagKey };

/** What the intake of a hint commits, and the stage that it rings. */
async function hinted(world: World, hints = [hint]): Promise<number> {
  const followUps = await recheckFollowUps(hints, { correlationId }, world.store);
  await world.store.ledger.commit({ writes: [], followUps });
  for (const { subject } of followUps) {
    await world.drain("recheck", subject, (item) => recheck(item, world.deps), 20);
  }
  return followUps.length;
}

function somebodyElseToggles(world: World): void {
  world.flags.edit(flagKey, { isEnabled: !world.flags.flag(flagKey).isEnabled });
}

const waysToBeAtStake: [string, (world: World) => Promise<ChangeId>][] = [
  ["awaiting_approval", (world) => world.propose()],
  ["approved", (world) => world.approved()],
  [
    "shown",
    (world) => {
      world.controls = controlsWith({ mode: "draft_write" });
      return world.propose();
    },
  ],
];

describe("a hint that a flag has moved", () => {
  it.each(waysToBeAtStake)("ends a change that is %s at once where it has", async (status, make) => {
    const world = createWorld();
    const id = await make(world);
    expect((await world.change(id)).status).toBe(status);
    somebodyElseToggles(world);
    expect(await hinted(world)).toBe(1);
    const { status: after, ended, incidentId } = await world.change(id);
    expect(after).toBe("superseded");
    expect(ended?.reason).toContain("have changed since");
    expect(ended?.current.join(" ")).toContain("Off");
    const [notify, expire] = ["notify", "expire"].map((stage) =>
      [...world.store.tables.work.values()].some(
        (row) => row.stage === stage && row.subject === (stage === "notify" ? incidentId : id),
      ),
    );
    expect({ notify, expire }).toEqual({ notify: true, expire: false });
    expect(world.flags.writes).toEqual([]);
  });

  it.each(waysToBeAtStake)("leaves a change that is %s alone where it has not", async (status, make) => {
    const world = createWorld();
    const id = await make(world);
    const before = await world.story(id);
    expect(await hinted(world)).toBe(1);
    expect(await hinted(world, [hint, hint])).toBe(1);
    expect((await world.change(id)).status).toBe(status);
    expect(await world.story(id)).toEqual(before);
  });

  it("of our own write does nothing, during the execution and after it", async () => {
    const world = createWorld();
    const id = await world.approved();
    const during: Promise<number>[] = [];
    world.flags.beforeWrite = () => {
      during.push(hinted(world));
    };
    await world.execute(id);
    expect(await Promise.all(during)).toEqual([0]);
    await hinted(world);
    expect((await world.change(id)).status).toBe("applied");
    expect(await world.story(id)).not.toContain("change_superseded");
  });

  it("about another environment or flag is about no change of ours", async () => {
    const world = createWorld();
    await world.propose();
    somebodyElseToggles(world);
    expect(
      await hinted(world, [
        { ...hint, environmentId: "env-2" },
        { ...hint, flagKey: "other" },
      ]),
    ).toBe(0);
  });

  it("waits while the flag cannot be read", async () => {
    const world = createWorld();
    const id = await world.propose();
    somebodyElseToggles(world);
    world.flags.down = true;
    await hinted(world);
    expect((await world.change(id)).status).toBe("awaiting_approval");
    world.flags.down = false;
    world.clock.advance(60_000);
    await world.drain("recheck", id, (item) => recheck(item, world.deps), 20);
    expect((await world.change(id)).status).toBe("superseded");
  });
});
