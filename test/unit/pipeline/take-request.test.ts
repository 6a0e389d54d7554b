import { describe, expect, it } from "vitest";
import { later } from "../../../src/domain/ids.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { createWorld, flagKey, type World } from "./world.ts";

const most = 30;
const tooMany = { kind: "refused", reason: expect.stringContaining("30 requests within an hour") };

function look(world: World, userId: string, n: number) {
  return personActions(world.deps).lookInto({
    userId,
    service: "checkout",
    environmentName: "production",
    text: `Checkout is slow (${n})`,
    writtenAt: later(world.clock.now(), -60_000),
    messageId: `C0HELP/${n}.2`,
  });
}

const incidents = (world: World) => world.store.ledger.incidents({ limit: 100 });

async function lookOften(world: World, userId: string): Promise<void> {
  for (let n = 0; n < most; n += 1) expect(await look(world, userId, n)).not.toMatchObject(tooMany);
}

describe("requests of one person", () => {
  it("that are refused fill no ledger: beyond 30 in an hour one entry says that there were more", async () => {
    const world = createWorld();
    await lookOften(world, "U0NED");
    expect(await incidents(world)).toHaveLength(most);
    for (let n = most; n < most + 20; n += 1) expect(await look(world, "U0NED", n)).toMatchObject(tooMany);
    const all = await incidents(world);
    expect(all).toHaveLength(most + 1);
    const recorded = await Promise.all(
      all.map(({ state }) => world.store.ledger.events(streamOf("incident", state.id))),
    );
    const beyond = recorded
      .flat()
      .filter((event) => JSON.stringify(event).includes("neither taken nor recorded"));
    expect(beyond.map(({ type }) => type)).toEqual(["action_refused"]);
    expect(JSON.stringify(beyond)).toContain("U0NED");
    expect(all.every(({ state }) => state.status === "closed")).toBe(true);
  });

  it("that are granted have an end too, whatever way they are asked, and begin again after the hour", async () => {
    const world = createWorld();
    await lookOften(world, "U0RITA");
    expect(await look(world, "U0RITA", most)).toMatchObject(tooMany);
    const actions = personActions(world.deps);
    const place = { project: "shop", environment: "prod", flagKey, userId: "U0RITA" };
    const input = { ...place, choiceId: "toggle", percent: null, userKeys: [], reason: "it is slow" };
    expect(await actions.propose(input)).toMatchObject(tooMany);
    expect(await look(world, "U0MAYA", most)).toMatchObject({ kind: "done" });
    world.clock.advance(3_602_000);
    expect(await actions.propose(input)).toMatchObject({ kind: "done" });
  });

  it("who may ask nowhere are counted where they are recorded", async () => {
    const world = createWorld();
    const actions = personActions(world.deps);
    for (let n = 0; n < most + 5; n += 1)
      await actions.offerPlaces({ userId: "U0NED", text: `let me in ${n}` });
    expect(await actions.offerPlaces({ userId: "U0NED", text: "let me in" })).toMatchObject(tooMany);
    expect(await incidents(world)).toHaveLength(most + 1);
    expect(await actions.offerPlaces({ userId: "U0MAYA", text: "search" })).toMatchObject({
      kind: "offered",
    });
  });
});
