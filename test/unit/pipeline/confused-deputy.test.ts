import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/domain/assessment.ts";
import { IncidentId } from "../../../src/domain/ids.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { evolveIncident } from "../../../src/domain/incident/incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import { SourceReach } from "../../../src/domain/source.ts";
import { investigate, type InvestigateDeps } from "../../../src/pipeline/investigate.ts";
import { proposeChange } from "../../../src/pipeline/propose-change.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { assessmentWith, join } from "../../support/incident-fixtures.ts";
import { createWorld, flagKey, type World } from "./world.ts";

/** The flag of the world is in shop/prod. None of these reaches it. */
const elsewhere = [
  { flags: ["search_reranker"] },
  { flags: [`${flagKey}_two`] },
  { flags: [flagKey.toUpperCase()] },
  { flags: [] as string[] },
  { environments: ["staging"] },
  { environments: ["prod "] },
  { environments: ["production"] },
  { projects: ["docs"] },
  { projects: ["shop/prod"] },
  { projects: ["docs"], environments: ["staging"], flags: ["search_reranker"] },
].map((reach) => ({ projects: ["*"], environments: ["*"], flags: ["*"], ...reach }));

const everything = SourceReach.parse({});

const candidate: Candidate = {
  id: "C1",
  flagKey,
  flagName: "One-click checkout",
  operation: { tool: "flag.turn_off" },
  summary: "Turn it off",
  diff: [],
  maxMovedPercent: 100,
};

/** Whatever the candidates say it may choose, this drafter chooses the flag that is out of reach. */
function depsOf(world: World, sources: InvestigateDeps["sources"]): InvestigateDeps {
  return {
    ...world.deps,
    flags: world.flags.reader,
    services: [],
    sources,
    log: world.log,
    gather: async () => ({ from: world.clock.now(), to: world.clock.now(), items: [], gaps: [] }),
    assess: async () => ({ assessment: assessmentWith(), candidates: [candidate], transcript: null }),
  };
}

async function alertOf(world: World, id: IncidentId, sourceId: string): Promise<void> {
  const loaded = await world.store.ledger.incident(id);
  const answer = decideIncident(
    join({ sourceId, fingerprint: sourceId }),
    loaded?.state ?? null,
    world.clock.now(),
  );
  if (loaded === null || answer.kind === "refused") throw new Error("refused");
  const stream = streamOf("incident", id);
  await world.store.ledger.commit({
    writes: [{ kind: "incident", stream, id, expectedVersion: loaded.version, events: answer.events }],
    followUps: [{ stage: "investigate", subject: id, correlationId }],
  });
}

async function investigated(sources: string[], declared: InvestigateDeps["sources"]) {
  const world = createWorld();
  const id = await world.openIncident();
  for (const source of sources) await alertOf(world, id, source);
  await world.drain("investigate", id, (item, lastTry) =>
    investigate(item, depsOf(world, declared), lastTry),
  );
  const incident = (await world.store.ledger.incident(id))?.state;
  return { incident, changes: await world.store.ledger.changes({ limit: 10 }), world };
}

const declared = (mayLeadTo: SourceReach) => [
  { id: "tenant-a", mayLeadTo: everything },
  { id: "tenant-b", mayLeadTo },
];

describe("a source whose alerts may not lead to a flag", () => {
  const drafts = elsewhere.flatMap((reach) => [
    { sources: ["tenant-b"], reach },
    { sources: ["tenant-a", "tenant-b"], reach },
  ]);

  test(`proposes nothing in ${drafts.length} drafts for it, alone or beside a source that may`, async () => {
    expect(drafts).toHaveLength(20);
    let proposals = 0;
    for (const { sources, reach } of drafts) {
      const { incident, changes } = await investigated(sources, declared(reach));
      proposals += changes.length;
      expect(incident?.assessment).toMatchObject({ candidateId: null });
      expect(incident?.noChange?.reason).toMatch(/may not lead to a change/);
    }
    expect(proposals).toBe(0);
  });

  test("would have had them proposed if it might", async () => {
    const { changes } = await investigated(["tenant-a", "tenant-b"], declared(everything));
    expect(changes).toHaveLength(1);
  });

  test("that is not declared any more leads nowhere", async () => {
    const { changes } = await investigated(["tenant-a", "tenant-b"], declared(everything).slice(0, 1));
    expect(changes).toEqual([]);
  });

  test("counts although it joins only after the candidate was chosen", async () => {
    const world = createWorld();
    const id = await world.openIncident();
    await alertOf(world, id, "tenant-a");
    const [narrow] = elsewhere;
    if (narrow === undefined) throw new Error("no reach");
    const deps = depsOf(world, declared(narrow));
    const { assess } = deps;
    deps.assess = async (...given) => {
      await alertOf(world, id, "tenant-b");
      return assess(...given);
    };
    await world.drain("investigate", id, (item, lastTry) => investigate(item, deps, lastTry));
    expect(await world.store.ledger.changes({ limit: 10 })).toEqual([]);
  });
});

test("proposing itself refuses what is out of reach, whoever forgot to ask", async () => {
  const world = createWorld();
  const ref = { project: "shop", environment: "prod", environmentId: "env-1", key: flagKey };
  const snapshot = await world.flags.reader.read(ref);
  if (snapshot === null) throw new Error("no flag");
  const compiled = compile({ tool: "flag.turn_off" }, snapshot);
  const id = await world.openIncident();
  const loaded = await world.store.ledger.incident(id);
  if (compiled.kind === "refused" || loaded === null) throw new Error("nothing to propose");
  const asked = {
    incident: loaded.state,
    plan: compiled.plan,
    summary: "Turn it off",
    requester: loaded.state.requester,
    agent: "rules",
    expected: null,
    lineage: null,
    evidence: { confidence: "high" as const, citations: 2, gaps: 0, coverage: 1, earlierReview: "" },
  };
  for (const reach of elsewhere) {
    const proposed = proposeChange({ ...asked, reaches: [everything, reach] }, world.deps, world.clock.now());
    await expect(proposed).rejects.toThrow("may not lead");
  }
});

test("every source whose alerts an incident ever held counts, those only counted included", () => {
  const open = decideIncident(
    {
      command: "open",
      kind: "alert",
      groupKey: "g",
      correlationId,
      title: "t",
      severity: "info",
      scope: null,
      tenant: "",
      channel: "",
      requester: { kind: "source", sourceId: "s0" },
    },
    null,
    createWorld().clock.now(),
  );
  let state = null;
  const id = IncidentId.parse("INC-0000000000");
  if (open.kind === "refused") throw new Error(open.reason);
  for (const event of open.events) state = evolveIncident(id, state, event);
  for (let index = 0; index < 60; index += 1) {
    const answer = decideIncident(
      join({ sourceId: `s${index}`, fingerprint: "same", severity: "info" }),
      state,
      createWorld().clock.now(),
    );
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveIncident(id, state, event);
  }
  expect(state?.sources).toHaveLength(60);
});
