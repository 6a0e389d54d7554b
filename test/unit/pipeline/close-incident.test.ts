import { describe, expect, it } from "vitest";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import type { IncidentId } from "../../../src/domain/ids.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { createWorld, type World } from "./world.ts";

const typesOf = async (world: World, id: IncidentId) =>
  (await world.store.ledger.events(streamOf("incident", id))).map(({ type }) => type);

const statusOf = async (world: World, id: IncidentId) =>
  (await world.store.ledger.incident(id))?.state.status;

async function close(world: World, incidentId: IncidentId, userId = "U0REX", reason = "A drill.") {
  return personActions(world.deps).closeIncident({ incidentId, userId, reason });
}

describe("closing an incident by hand", () => {
  it("is recorded with who and why, once for twenty clicks", async () => {
    const world = createWorld();
    const id = await world.openIncident();
    const answers = await Promise.all(Array.from({ length: 20 }, () => close(world, id)));
    expect(answers.filter(({ kind }) => kind === "done")).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === "refused").map(({ reason }) => reason)).toEqual(
      Array.from({ length: 19 }, () => `${id} is closed already.`),
    );
    const events = await world.store.ledger.events(streamOf("incident", id));
    const closed = events.filter(({ type }) => type === "incident_closed");
    expect(closed.map(({ data }) => data)).toEqual([{ userId: "U0REX", name: "Rex", reason: "A drill." }]);
    const stages = [...world.store.tables.work.values()].filter(({ subject }) => subject === id);
    expect(stages.map(({ stage }) => stage)).toContain("notify");
  });

  it("needs a reason, and keeps a pasted credential out of the ledger", async () => {
    const world = createWorld();
    const id = await world.openIncident();
    expect(await close(world, id, "U0REX", "  ")).toMatchObject({ kind: "refused" });
    expect(await statusOf(world, id)).toBe("open");
    await close(world, id, "U0REX", "Logged in with password=hunter2hunter2");
    expect(JSON.stringify(await world.store.ledger.events(streamOf("incident", id)))).not.toContain(
      "hunter2",
    );
    expect(await statusOf(world, id)).toBe("closed");
  });

  it.each(["closeIncident", "checkCloseIncident"] as const)(
    "is refused by %s to whoever may not, and the refusal recorded",
    async (method) => {
      const world = createWorld();
      const incidentId = await world.openIncident();
      const answer = await personActions(world.deps)[method]({
        incidentId,
        userId: "U0NED",
        reason: "Enough.",
      });
      expect(answer).toMatchObject({ kind: "refused", reason: "it takes a role that permits it" });
      expect(answer.kind === "refused" && answer.whoMay.groups.length).toBeGreaterThan(0);
      const refused = (await world.store.ledger.events(streamOf("incident", incidentId))).at(-1);
      expect(refused).toMatchObject({ type: "action_refused", data: { action: "close", userId: "U0NED" } });
      expect(await statusOf(world, incidentId)).toBe("open");
    },
  );

  it("waits for a change that awaits approval or is approved, and leaves one that is over alone", async () => {
    const world = createWorld();
    const incidentId = await world.openIncident();
    const changeId = await world.propose({ incidentId });
    const waits = { kind: "refused", reason: `${changeId} awaits approval: approve or reject it first.` };
    expect(await close(world, incidentId)).toMatchObject(waits);
    const check = () => personActions(world.deps).checkCloseIncident({ incidentId, userId: "U0REX" });
    expect(await check()).toMatchObject(waits);

    const other = createWorld();
    const itsIncident = await other.openIncident();
    const approved = await other.approved({ incidentId: itsIncident });
    const carried = { kind: "refused", reason: `${approved} is being carried out: wait for its end.` };
    expect(await close(other, itsIncident)).toMatchObject(carried);
    await other.execute(approved);
    expect((await other.change(approved)).status).toBe("applied");
    expect(await close(other, itsIncident)).toMatchObject({ kind: "done" });
    expect((await other.change(approved)).status).toBe("applied");
  });
});

it("records that somebody may not say that they are on it", async () => {
  const world = createWorld();
  const incidentId = await world.openIncident();
  const answer = await personActions(world.deps).acknowledge({ incidentId, userId: "U0NED" });
  expect(answer).toMatchObject({ kind: "refused", reason: "it takes a role that permits it" });
  const events = await world.store.ledger.events(streamOf("incident", incidentId));
  expect(events.at(-1)).toMatchObject({
    type: "action_refused",
    data: { action: "acknowledge", userId: "U0NED", reason: "it takes a role that permits it" },
  });
  expect(await typesOf(world, incidentId)).not.toContain("acknowledged");
});
