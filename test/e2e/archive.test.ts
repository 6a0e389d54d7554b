import { afterEach, beforeEach, expect, it } from "vitest";
import type { Operation } from "../../src/domain/flag/operation.ts";
import { sameBehaviour } from "../../src/domain/flag/flag.ts";
import type { ChangeId } from "../../src/domain/ids.ts";
import { personActions } from "../../src/pipeline/people/person-actions.ts";
import type { FlagWriter } from "../../src/pipeline/ports/flag-platform.ts";
import { proposeChange } from "../../src/pipeline/propose-change.ts";
import {
  checkout,
  type CheckoutWorld,
  createCheckoutWorld,
} from "../contract/featbit-client/checkout-world.ts";
import { contractWith } from "../support/policy-fixtures.ts";
import { createWorld, type World } from "../unit/pipeline/world.ts";

// The pipeline from proposal to execution, with FeatBit's real client on its stand-in.

let shop: CheckoutWorld;
beforeEach(async () => {
  shop = await createCheckoutWorld();
});
afterEach(async () => {
  await shop[Symbol.asyncDispose]();
});

const maya = { kind: "person" as const, userId: "U0MAYA", name: "Maya" };
const writes = () => shop.featbit.mutations.filter(({ actor }) => actor?.startsWith("signalman"));

function pipelineWith(writer: FlagWriter): World {
  const world = createWorld();
  const contract = contractWith({ tool: "flag.archive", workflow: "human-request" });
  world.contracts.set("flag.archive", {
    ...contract,
    evidenceRule: { minimumCitations: 0 },
    lifecycle: { kind: "permanent", cleanupCondition: "" },
  });
  world.deps.flags = shop.reader;
  world.deps.writer = writer;
  return world;
}

async function proposed(world: World, requester: Parameters<typeof proposeChange>[0]["requester"]) {
  const operation: Operation = { tool: "flag.archive" };
  const incident = await world.store.ledger.incident(await world.openIncident());
  if (incident === null) throw new Error("no incident");
  return proposeChange(
    {
      incident: incident.state,
      plan: await shop.plan(operation),
      summary: `Archive ${checkout.key}`,
      requester,
      agent: "",
      expected: null,
      lineage: null,
      reaches: [],
      evidence: { confidence: null, citations: 0, gaps: 0, coverage: null, earlierReview: "" },
    },
    world.deps,
    world.clock.now(),
  );
}

async function asked(world: World): Promise<ChangeId> {
  const { changeId, writes: written, followUps, decision } = await proposed(world, maya);
  expect(decision.kind).toBe("queue_for_review");
  await world.store.ledger.commit({ writes: written, followUps });
  return changeId;
}

it("archives a flag that a person asked for and another approved, and its reverse brings it back", async () => {
  const world = pipelineWith(shop.archivist);
  const before = (await shop.read()).flag;
  const id = await asked(world);
  await world.execute(id);
  expect(writes()).toEqual([]);

  expect(await world.vote(id)).toMatchObject({ kind: "done" });
  await world.execute(id);
  expect(await world.change(id)).toMatchObject({ status: "applied", applied: { chain: { kind: "intact" } } });
  expect((await shop.read()).flag.isArchived).toBe(true);
  expect(writes()).toHaveLength(1);
  expect(writes()[0]?.comment).toContain("requested by Maya · approved by Rita");

  const undo = await personActions(world.deps).revert({
    changeId: id,
    userId: "U0MAYA",
    reason: "Still asked for",
  });
  if (undo.kind !== "done" || undo.changeId === undefined) throw new Error(JSON.stringify(undo));
  await world.vote(undo.changeId);
  await world.execute(undo.changeId);
  expect(sameBehaviour((await shop.read()).flag, before)).toBe(true);
  expect((await world.change(undo.changeId)).proposal).toMatchObject({ action: { tool: "flag.archive" } });
  expect((await world.change(id)).status).toBe("closed");
});

it("fails where the token lacks the right, says which and where, and writes nothing", async () => {
  const world = pipelineWith(shop.writer);
  const id = await asked(world);
  await world.vote(id);
  await world.execute(id);
  const { status } = await world.change(id);
  expect(status).toBe("failed");
  const failed = (await world.store.ledger.events(`change/${id}`)).at(-1);
  expect(JSON.stringify(failed)).toMatch(
    /grant ArchiveFlag \(a right of its own[^"]* on project\/shop:env\/prod:flag\/\* to the token in FEATBIT_WRITE_TOKEN\. Nothing was written\./,
  );
  expect((await shop.read()).flag.isArchived).toBe(false);
  expect(writes()).toEqual([]);
});

it("is denied to whatever is not a person", async () => {
  const { decision } = await proposed(pipelineWith(shop.archivist), {
    kind: "source",
    sourceId: "alertmanager",
  });
  expect(decision).toMatchObject({ kind: "deny", rule: "hard_boundary" });
});
