import { describe, expect, it } from "vitest";
import { later } from "../../../src/domain/ids.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import type { Home } from "../../../src/pipeline/ports/home.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { contractWith, controlsWith, personWith } from "../../support/policy-fixtures.ts";
import { createWorld, type World } from "./world.ts";

async function homeOf(world: World, userId = "U0RITA"): Promise<Extract<Home, { kind: "shown" }>> {
  const home = await personActions(world.deps).home(userId);
  if (home.kind !== "shown") throw new Error(JSON.stringify(home));
  return home;
}

const waitingFor = async (world: World, userId: string) =>
  (await homeOf(world, userId)).waiting.map(({ id }) => id);

describe("a person's home", () => {
  it.each([
    ["U0RITA", true], // everything everywhere
    ["U0REX", true], // release manager
    ["U0MAYA", false], // on call: acknowledges, does not approve
    ["U0NED", false], // no role
  ])("of %s lists what waits: %s", async (userId, isListed) => {
    const world = createWorld();
    const id = await world.propose();
    expect(await waitingFor(world, userId)).toEqual(isListed ? [id] : []);
  });

  it("lists a change to nobody who asked for it, has voted or comes too late", async () => {
    const world = createWorld();
    const reviewers = { default: { roles: ["release-manager"], count: 2, requiredRoles: [] } };
    const { approval } = contractWith();
    if (approval === undefined) throw new Error("the contract asks nobody");
    world.contracts.set("flag.turn_off", contractWith({ approval: { ...approval, reviewers } }));
    const id = await world.propose({ requester: { kind: "person", userId: "U0REX", name: "Rex" } });
    expect(await waitingFor(world, "U0REX")).toEqual([]);
    expect(await waitingFor(world, "U0RITA")).toEqual([id]);
    expect(await world.vote(id)).toMatchObject({ kind: "done" });
    expect(await waitingFor(world, "U0RITA")).toEqual([]);
    world.identity.people.set("U0REA", personWith({ userId: "U0REA", groups: ["S0RELEASE"] }));
    expect(await waitingFor(world, "U0REA")).toEqual([id]);
    const { expiresAt } = await world.change(id);
    world.clock.advance(Date.parse(expiresAt ?? "") - Date.parse(world.clock.now()));
    expect(await waitingFor(world, "U0REA")).toEqual([]);
  });

  it("shows open incidents but for those that a mute holds back", async () => {
    const world = createWorld();
    const shown = await world.openIncident();
    const muted = await world.openIncident();
    const loaded = await world.store.ledger.incident(muted);
    const until = later(world.clock.now(), 3_600_000);
    const answer = decideIncident(
      { command: "mute", until, userId: "U0RITA", reason: "upgrade" },
      loaded?.state ?? null,
      world.clock.now(),
    );
    if (answer.kind === "refused" || loaded === null) throw new Error("it cannot be muted");
    const stream = streamOf("incident", muted);
    const { events } = answer;
    await world.store.ledger.commit({
      writes: [{ kind: "incident", stream, id: muted, expectedVersion: loaded.version, events }],
    });
    expect((await homeOf(world)).incidents.map(({ id }) => id)).toEqual([shown]);
    world.clock.advance(3_600_001);
    expect((await homeOf(world)).incidents).toHaveLength(2);
  });

  it("tells the mode of every place as the controls give it, lowerings included", async () => {
    const world = createWorld();
    const lowered = [
      { kind: "mode" as const, rule: "quality_signal", mode: "search_only" as const, reason: "why" },
    ];
    world.controls = controlsWith({ mode: "search_only", lowered });
    const { modes } = await homeOf(world);
    expect(modes.map(({ service }) => service)).toEqual(["checkout", "search"]);
    expect(modes[0]).toMatchObject({ environmentName: "production", mode: "search_only", lowered });
  });

  it.each([
    ["U0RITA", true], // everything everywhere
    ["U0NED", false], // no role
  ])("tells whether %s may pause and resume: %s", async (userId, may) => {
    const world = createWorld();
    const actions = personActions(world.deps);
    const asked = { scope: "checkout", wish: { kind: "mode" as const, mode: "off" as const } };
    const paused = await actions.override({ ...asked, forMs: 3_600_000, reason: "a fire", userId: "U0RITA" });
    expect(paused).toMatchObject({ kind: "done" });
    const home = await homeOf(world, userId);
    expect(home.mayLower).toBe(may);
    expect(home.lowered).toMatchObject([{ mayResume: may, state: { scope: "checkout" } }]);
    world.clock.advance(3_600_001);
    expect((await homeOf(world, userId)).lowered).toEqual([]);
  });

  it("shows a guest nothing, and nobody anything while Slack cannot say who it is; neither is recorded", async () => {
    const world = createWorld();
    await world.propose();
    const entries = world.store.tables.events.length;
    world.identity.people.set(
      "U0GUS",
      personWith({ userId: "U0GUS", isRestricted: true, groups: ["S0RELEASE"] }),
    );
    const actions = personActions(world.deps);
    expect(await actions.home("U0GUS")).toEqual({ kind: "barred", reason: "guests decide nothing" });
    world.identity.down = true;
    expect(await actions.home("U0RITA")).toMatchObject({ kind: "unavailable" });
    expect(world.store.tables.events.length).toBe(entries);
  });
});
