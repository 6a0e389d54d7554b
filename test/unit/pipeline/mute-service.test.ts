import { describe, expect, it } from "vitest";
import { type IncidentId, type Instant, later } from "../../../src/domain/ids.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { mutedUntil } from "../../../src/domain/mute/mute.ts";
import { heldBackFor } from "../../../src/pipeline/follow-mute.ts";
import { checkMute, muteService, unmuteService } from "../../../src/pipeline/people/mute-service.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { createWorld, type World } from "./world.ts";

const hour = 3_600_000;
const asked = { service: "checkout", reason: "upgrade", forMs: hour };

async function story(world: World): Promise<string[]> {
  return (await world.store.ledger.events("mute/checkout")).map(({ type }) => type);
}

describe("muting a service", () => {
  it("is recorded with who and why, and told in a channel", async () => {
    const world = createWorld();
    const answer = await muteService({ ...asked, userId: "U0RITA" }, world.deps);
    expect(answer).toMatchObject({ kind: "done" });
    const mute = await world.store.ledger.muteOf("checkout");
    expect(mute?.state.muted).toMatchObject({ userId: "U0RITA", name: "Rita", reason: "upgrade" });
    expect(mutedUntil(mute?.state ?? null, world.clock.now())).toBe(later(world.clock.now(), hour));
    expect(await world.store.work.claim("tell", "mute/checkout", 1_000)).not.toBeNull();
  });

  it("is one thing however often it is asked for at once", async () => {
    const world = createWorld();
    const input = { ...asked, userId: "U0RITA" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => muteService(input, world.deps)));
    expect(answers.every(({ kind }) => kind === "done")).toBe(true);
    expect(await story(world)).toEqual(["service_muted"]);
  });

  it.each([
    ["U0RITA", "done"], // everything everywhere
    ["U0OMAR", "done"], // the owner of what carries the tag
    ["U0MAYA", "refused"], // on call, without it
    ["U0NED", "refused"], // no role
  ])("by %s is %s", async (userId, kind) => {
    const world = createWorld();
    expect((await muteService({ ...asked, userId }, world.deps)).kind).toBe(kind);
    expect(await story(world)).toEqual([kind === "done" ? "service_muted" : "mute_refused"]);
  });

  it("of somebody else's service is refused, with whom to ask, and the refusal is kept and told nobody", async () => {
    const world = createWorld();
    const answer = await muteService({ ...asked, service: "search", userId: "U0OMAR" }, world.deps);
    expect(answer).toMatchObject({ kind: "refused", whoMay: { users: ["U0RITA"], groups: ["S0RELEASE"] } });
    const [entry] = await world.store.ledger.events("mute/search");
    expect(entry).toMatchObject({ type: "mute_refused", data: { userId: "U0OMAR", asked: "mute" } });
    expect(world.store.tables.work.size).toBe(0);
  });

  it("that is not in the catalogue is refused with the closest one there is", async () => {
    const world = createWorld();
    const answer = await muteService({ ...asked, service: "chekout", userId: "U0RITA" }, world.deps);
    expect(answer).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining('Did you mean "checkout"?'),
    });
    expect(world.store.tables.events).toEqual([]);
  });

  it("is not possible while nobody knows who asks, and beyond its bounds", async () => {
    const world = createWorld();
    const actions = personActions(world.deps);
    expect(await actions.mute({ ...asked, forMs: 25 * hour, userId: "U0RITA" })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("5 minutes to 24 hours"),
    });
    world.identity.down = true;
    expect((await actions.mute({ ...asked, userId: "U0RITA" })).kind).toBe("unavailable");
    expect(await story(world)).toEqual([]);
  });

  it("is asked about before a form opens, and a refusal is recorded", async () => {
    const world = createWorld();
    expect((await checkMute({ service: "checkout", userId: "U0OMAR" }, world.deps)).kind).toBe("done");
    expect(await story(world)).toEqual([]);
    expect((await checkMute({ service: "checkout", userId: "U0NED" }, world.deps)).kind).toBe("refused");
    expect(await story(world)).toEqual(["mute_refused"]);
  });
});

/** An incident that opened while its service was muted, as intake leaves it. */
async function heldBack(world: World, until: Instant, scope?: null): Promise<IncidentId> {
  const held = await world.openIncident("held back", scope);
  const loaded = await world.store.ledger.incident(held);
  const answer = decideIncident(
    { command: "mute", until, userId: "U0RITA", reason: "upgrade", service: "checkout" },
    loaded?.state ?? null,
    world.clock.now(),
  );
  if (answer.kind === "refused" || loaded === null) throw new Error("the incident cannot be muted");
  const { correlationId } = loaded.state;
  await world.store.ledger.commit({
    writes: [
      {
        kind: "incident",
        stream: streamOf("incident", held),
        id: held,
        expectedVersion: loaded.version,
        events: answer.events,
      },
    ],
    followUps: [
      { stage: "notify", subject: held, correlationId, dueAt: until },
      { stage: "investigate", subject: held, correlationId, dueAt: until },
    ],
  });
  return held;
}

describe("a mute that is set again", () => {
  it.each([2 * hour, hour / 2])("moves what it held back to its new end, in %i ms", async (forMs) => {
    const world = createWorld();
    await muteService({ ...asked, userId: "U0RITA" }, world.deps);
    const held = await heldBack(world, later(world.clock.now(), hour));
    await muteService({ ...asked, forMs, userId: "U0RITA", reason: "it takes another time" }, world.deps);
    expect((await world.store.ledger.incident(held))?.state.mutedUntil).toBe(later(world.clock.now(), forMs));
    world.clock.advance(forMs - 1);
    expect(await world.store.work.claim("investigate", held, 1_000)).toBeNull();
    world.clock.advance(1);
    expect(await world.store.work.claim("investigate", held, 1_000)).not.toBeNull();
    expect(await world.store.work.claim("notify", held, 1_000)).not.toBeNull();
  });
});

describe("an investigation whose time has come", () => {
  it.each([
    ["waits for the new end of a mute that was made longer behind its back", true],
    ["goes on where the mute was ended", false],
  ])("%s", async (_, isLonger) => {
    const world = createWorld();
    await muteService({ ...asked, userId: "U0RITA" }, world.deps);
    const held = await heldBack(world, later(world.clock.now(), hour));
    const { ledger } = world.store;
    // As of a worker that reads the mute only now, while the incident is as the old one left it.
    const muted = isLonger ? await ledger.muteOf("checkout") : null;
    const store = { ledger: { ...ledger, muteOf: async () => muted } };
    const incident = (await ledger.incident(held))?.state;
    if (incident === undefined) throw new Error("no incident");
    world.clock.advance(hour / 2);
    expect(await heldBackFor(incident, store, world.clock.now())).toBe(isLonger ? hour / 2 : null);
  });
});

describe("ending a mute", () => {
  it("brings forward what is of no known environment of the service too", async () => {
    const world = createWorld();
    await muteService({ ...asked, userId: "U0RITA" }, world.deps);
    const held = await heldBack(world, later(world.clock.now(), hour), null);
    await unmuteService({ service: "checkout", reason: "done", userId: "U0OMAR" }, world.deps);
    expect((await world.store.ledger.incident(held))?.state).toMatchObject({ scope: null, mutedUntil: null });
    expect(await world.store.work.claim("notify", held, 1_000)).not.toBeNull();
    expect(await world.store.work.claim("investigate", held, 1_000)).not.toBeNull();
  });

  it("brings forward what waited for its end, and nothing else", async () => {
    const world = createWorld();
    await muteService({ ...asked, userId: "U0RITA" }, world.deps);
    const held = await heldBack(world, later(world.clock.now(), hour));
    const free = await world.openIncident("free");
    expect(await world.store.work.claim("notify", held, 1_000)).toBeNull();

    const ended = await unmuteService({ service: "checkout", reason: "done", userId: "U0OMAR" }, world.deps);
    expect(ended).toMatchObject({ kind: "done", text: "checkout is not muted any more." });
    expect((await world.store.ledger.incident(held))?.state.mutedUntil).toBeNull();
    expect(await world.store.work.claim("notify", held, 1_000)).not.toBeNull();
    expect(await world.store.work.claim("investigate", held, 1_000)).not.toBeNull();
    expect(await world.store.work.claim("notify", free, 1_000)).toBeNull();
    expect((await world.store.ledger.incident(free))?.version).toBe(1);
    expect(await story(world)).toEqual(["service_muted", "service_unmuted"]);
  });

  it("that is over says so and records nothing; whoever may not is refused", async () => {
    const world = createWorld();
    const input = { service: "checkout", reason: "", userId: "U0RITA" };
    expect(await unmuteService(input, world.deps)).toMatchObject({ text: "checkout was not muted." });
    await muteService({ ...asked, userId: "U0RITA" }, world.deps);
    expect((await unmuteService({ ...input, userId: "U0NED" }, world.deps)).kind).toBe("refused");
    expect(await story(world)).toEqual(["service_muted", "mute_refused"]);
    world.clock.advance(hour);
    expect(await unmuteService(input, world.deps)).toMatchObject({ text: "checkout was not muted." });
  });
});
