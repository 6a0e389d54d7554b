import { expect, it, vi } from "vitest";
import { Evidence, type EvidenceItem, itemsOf } from "../../../src/domain/evidence/evidence.ts";
import { contentHash } from "../../../src/domain/ledger/chain.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { ToolCall } from "../../../src/domain/tool-call.ts";
import { investigate, type InvestigateDeps } from "../../../src/pipeline/investigate.ts";
import { recordToolCall } from "../../../src/pipeline/record-tool-call.ts";
import { drainStage } from "../../../src/pipeline/run-stage.ts";
import { incidentWrite, opened } from "../../contract/storage/story-of-streams.ts";
import { changeId, correlationId, incidentId, onFlag, snapshotOf } from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { controlsWith, exampleRoles, noGuard, noGuardrails } from "../../support/policy-fixtures.ts";
import { gather, quiet, rerankerWorld } from "../drafting/world.ts";

const call: ToolCall = {
  tool: "metric.query",
  arguments: '{"queryId":"latency"}',
  argumentsHash: contentHash("x"),
  decision: null,
  outcome: "answered",
  because: "",
  evidenceIds: [],
  ms: 3,
};

it("what a model had looked up is part of the evidence on record, and a retry does not ask for it again", async () => {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  await store.ledger.commit({
    writes: [incidentWrite(incidentId, 0, [opened("group")])],
    followUps: [{ stage: "investigate", subject: incidentId, correlationId }],
  });
  const gathered: Evidence = { ...(await gather(rerankerWorld())), to: clock.now() };
  const metric = itemsOf(gathered, "metric")[0];
  if (metric === undefined) throw new Error("the world has no metric");
  const id = `E${gathered.items.length + 1}`;
  const added: EvidenceItem = { ...metric, id, asked: { from: gathered.from, to: gathered.to } };
  const assess = vi.fn<InvestigateDeps["assess"]>(async ({ id: of }) => {
    await recordToolCall(of, { ...call, evidenceIds: [id] }, store);
    return {
      assessment: assessmentWith(),
      candidates: [
        {
          id: "C1",
          flagKey: onFlag().key,
          flagName: "f",
          operation: { tool: "flag.turn_off" },
          summary: "s",
          diff: [],
          maxMovedPercent: 100,
        },
      ],
      added: [added],
      transcript: null,
    };
  });
  let away = 2;
  const deps: InvestigateDeps = {
    store,
    log: quiet,
    services: [],
    sources: [],
    controls: { read: async () => controlsWith() },
    guard: noGuard,
    rulebook: { contracts: new Map(), roles: exampleRoles, guardrails: noGuardrails },
    newChangeId: () => changeId,
    flags: {
      refOf: async () => {
        if (away-- > 0) throw new OpsError("unreachable", "FeatBit is away.");
        return snapshotOf(onFlag()).ref;
      },
      read: async () => snapshotOf(onFlag()),
      segments: async () => [],
    },
    gather: async () => gathered,
    assess,
  };
  for (let tries = 0; tries < 3; tries += 1) {
    await drainStage("investigate", incidentId, (item, last) => investigate(item, deps, last), {
      store,
      log: quiet,
      doorbell: { ring: async () => undefined },
      leaseMs: 15_000,
      maxAttempts: 8,
    });
    clock.advance(60_000);
  }
  expect(away).toBeLessThan(0);
  expect(assess).toHaveBeenCalledTimes(1);

  const state = (await store.ledger.incident(incidentId))?.state;
  const evidence = Evidence.parse(
    JSON.parse((await store.bodies.get(state?.evidence?.bodyId ?? "")) ?? "null"),
  );
  expect(evidence.items).toEqual([...gathered.items, added]);
  expect(state?.evidence).toMatchObject({ items: evidence.items.length, hash: contentHash(evidence) });
  const types = (await store.ledger.events(streamOf("incident", incidentId))).map(({ type }) => type);
  expect(types.filter((type) => type === "tool_called")).toHaveLength(1);
  expect(types.indexOf("tool_called")).toBeLessThan(types.indexOf("assessed"));
});

it("a call of an incident that is closed meanwhile is not taken on record, and said so", async () => {
  const store = createInMemoryStore({ clock: movableClock() });
  const closed = { type: "incident_closed" as const, at: opened("group").at, userId: "U1" };
  await store.ledger.commit({ writes: [incidentWrite(incidentId, 0, [opened("group"), closed])] });
  await expect(recordToolCall(incidentId, call, store)).rejects.toMatchObject({
    code: "conflict",
    retryable: true,
  });
});
