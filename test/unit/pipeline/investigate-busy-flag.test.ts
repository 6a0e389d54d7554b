import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/domain/assessment.ts";
import type { IncidentId } from "../../../src/domain/ids.ts";
import type { Mode } from "../../../src/domain/policy/mode.ts";
import { draftsIn, investigate, type InvestigateDeps } from "../../../src/pipeline/investigate.ts";
import { redraft } from "../../../src/pipeline/people/redraft.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { Crash } from "../../support/in-memory-store.ts";
import { controlsWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, leaseMs, type World } from "./world.ts";

const candidate: Candidate = {
  id: "C1",
  flagKey,
  flagName: "One-click checkout",
  operation: { tool: "flag.turn_off" },
  summary: "Turn it off",
  diff: [],
  maxMovedPercent: 100,
};

function depsOf(world: World): InvestigateDeps {
  return {
    ...world.deps,
    flags: world.flags.reader,
    services: [],
    sources: [],
    log: world.log,
    gather: async () => ({ from: world.clock.now(), to: world.clock.now(), items: [], gaps: [] }),
    // As the real one: in the modes that draft nothing, nothing is on offer.
    assess: async (_incident, _service, _evidence, reading) => ({
      assessment: assessmentWith(),
      candidates: draftsIn(reading.mode) ? [candidate] : [],
      transcript: "asked and answered",
    }),
  };
}

async function ring(world: World, id: IncidentId): Promise<void> {
  await world.store.ledger.commit({
    writes: [],
    followUps: [{ stage: "investigate", subject: id, correlationId }],
  });
}

const run = (world: World, id: IncidentId) =>
  world.drain("investigate", id, (item, lastTry) => investigate(item, depsOf(world), lastTry));

async function incident(world: World, id: IncidentId) {
  const loaded = await world.store.ledger.incident(id);
  if (loaded === null) throw new Error(`there is no incident ${id}`);
  return loaded.state;
}

describe("two incidents that suspect one flag", () => {
  test("have one change between them: the second points at the first's, with its own evidence", async () => {
    const world = createWorld();
    const first = await world.openIncident("a");
    const second = await world.openIncident("b");
    await ring(world, first);
    await ring(world, second);
    await run(world, first);
    await run(world, second);
    const [change, ...others] = await world.store.ledger.changes({ limit: 10 });
    expect(others).toEqual([]);
    expect(change?.state.incidentId).toBe(first);
    expect(await incident(world, first)).toMatchObject({ linkedChangeId: null });
    const linked = await incident(world, second);
    expect(linked.linkedChangeId).toBe(change?.state.id);
    expect(linked.assessment?.candidateId).toBe("C1");
    expect(await world.store.bodies.get(linked.evidence?.bodyId ?? "")).not.toBeNull();
  });

  test("also at the same moment", async () => {
    const world = createWorld();
    const ids = await Promise.all(["a", "b", "c"].map((group) => world.openIncident(group)));
    for (const id of ids) await ring(world, id);
    await Promise.all(ids.map((id) => run(world, id)));
    expect(await world.store.ledger.changes({ limit: 10 })).toHaveLength(1);
    const links = await Promise.all(ids.map(async (id) => (await incident(world, id)).linkedChangeId));
    expect(links.filter((link) => link === null)).toHaveLength(1);
  });

  test("have two in turn, when the first has found its end", async () => {
    const world = createWorld();
    await world.approved();
    const second = await world.openIncident("b");
    world.clock.advance(31 * 60_000);
    const [open] = await world.store.ledger.changes({ limit: 1 });
    if (open === undefined) throw new Error("no change");
    await world.execute(open.state.id);
    await ring(world, second);
    await run(world, second);
    expect(await world.store.ledger.changes({ limit: 10 })).toHaveLength(2);
  });
});

async function pointing() {
  const world = createWorld();
  const first = await world.openIncident("a");
  const second = await world.openIncident("b");
  await ring(world, first);
  await run(world, first);
  await ring(world, second);
  await run(world, second);
  const [loaded] = await world.store.ledger.changes({ limit: 1 });
  if (loaded === null || loaded === undefined) throw new Error("no change");
  expect((await incident(world, second)).linkedChangeId).toBe(loaded.state.id);
  return { world, first, second, changeId: loaded.state.id };
}

describe("an incident that points at another's change", () => {
  test("is looked at afresh when that change is rejected, and drafts its own", async () => {
    const { world, second, changeId } = await pointing();
    expect(await world.vote(changeId, undefined, { vote: "reject", rationale: "no" })).toMatchObject({
      kind: "done",
    });
    expect(await incident(world, second)).toMatchObject({ linkedChangeId: null, assessment: null });
    await run(world, second);
    const [own] = await world.store.ledger.changes({ limit: 1 });
    expect(own?.state.incidentId).toBe(second);
  });

  test("is shown again, and left as it is, when that change is applied", async () => {
    const { world, second, changeId } = await pointing();
    await world.vote(changeId);
    await world.execute(changeId);
    expect((await world.change(changeId)).status).toBe("applied");
    expect((await incident(world, second)).linkedChangeId).toBe(changeId);
    const waiting = await world.store.work.waiting(world.clock.now(), 100);
    expect(waiting).toContainEqual(expect.objectContaining({ stage: "notify", subject: second }));
  });
});

test("a change that the flag outran is drafted again, from the flag as it is, once a person asks", async () => {
  const world = createWorld();
  const id = await world.openIncident();
  await ring(world, id);
  await run(world, id);
  const [first] = await world.store.ledger.changes({ limit: 1 });
  if (first === undefined) throw new Error("no change");
  await world.vote(first.state.id);
  world.flags.edit(flagKey, { exptIncludeAllTargets: false });
  await world.execute(first.state.id);
  expect((await world.change(first.state.id)).status).toBe("superseded");
  await run(world, id);
  expect(await world.store.ledger.changes({ limit: 2 })).toHaveLength(1);
  expect(await redraft({ changeId: first.state.id, userId: "U0REX" }, world.deps)).toMatchObject({
    kind: "done",
  });
  await run(world, id);
  const [again] = await world.store.ledger.changes({ limit: 1 });
  expect(again?.state).toMatchObject({ incidentId: id, status: "awaiting_approval" });
  expect(again?.state.proposal.plan.before.flag.revision).toBe(world.flags.flag(flagKey).revision);
});

describe("the mode", () => {
  const lines: [Mode, evidence: boolean, changes: string[], withheld: boolean][] = [
    ["off", false, [], true],
    ["fallback", true, [], true],
    ["search_only", true, [], true],
    ["observe", true, ["shown"], false],
    ["draft_write", true, ["shown"], false],
    ["approval_required", true, ["awaiting_approval"], false],
  ];
  test.each(lines)("%s", async (mode, evidence, changes, withheld) => {
    const world = createWorld();
    world.controls = controlsWith({ mode });
    const id = await world.openIncident();
    await ring(world, id);
    await run(world, id);
    const state = await incident(world, id);
    expect(state.evidence !== null).toBe(evidence);
    expect(state.withheld !== null).toBe(withheld);
    const made = await world.store.ledger.changes({ limit: 10 });
    expect(made.map(({ state: { status } }) => status)).toEqual(changes);
  });
});

describe("an investigation whose process dies", () => {
  test.each(["before", "after"] as const)("%s its commit ends with one change all the same", async (when) => {
    const world = createWorld();
    const id = await world.openIncident();
    await ring(world, id);
    const item = await world.store.work.claim("investigate", id, leaseMs);
    if (item === null) throw new Error("nothing to do");
    world.store.crash(when);
    // What the process would still have done after its death it did not do.
    await investigate(item, depsOf(world), false).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    world.clock.advance(leaseMs + 1);
    await run(world, id);
    expect(await world.store.ledger.changes({ limit: 10 })).toHaveLength(1);
    const events = await world.store.ledger.events(`incident/${id}`);
    expect(events.filter(({ type }) => type === "assessed")).toHaveLength(1);
  });
});

test("an incident is investigated once, however often it is rung", async () => {
  const world = createWorld();
  const id = await world.openIncident();
  await ring(world, id);
  await run(world, id);
  await ring(world, id);
  await run(world, id);
  expect(await world.store.ledger.changes({ limit: 10 })).toHaveLength(1);
  const events = await world.store.ledger.events(`incident/${id}`);
  expect(events.filter(({ type }) => type === "assessed")).toHaveLength(1);
});
