import { describe, expect, it } from "vitest";
import { compile } from "../../../src/domain/flag/plan.ts";
import { type StandingId, StandingId as Id } from "../../../src/domain/ids.ts";
import type { StandingState } from "../../../src/domain/standing/standing.ts";
import { execute } from "../../../src/pipeline/execute.ts";
import { loweredControls } from "../../../src/pipeline/lowered-controls.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import type { Notice } from "../../../src/pipeline/ports/noticeboard.ts";
import type { StandingWish } from "../../../src/pipeline/ports/person-actions.ts";
import { proposeChange } from "../../../src/pipeline/propose-change.ts";
import { tell } from "../../../src/pipeline/tell.ts";
import { contractWith, controlsWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, type World } from "./world.ts";

const hour = 3_600_000;

/** Standing approvals count here: the control lets them, and so does the contract of the tool. */
function createDesk() {
  const world = createWorld();
  world.controls = controlsWith({ approvalRequired: false });
  world.deps.controls = loweredControls({ read: async () => world.controls }, world.store);
  const { approval, ...contract } = contractWith({ tool: "flag.turn_off" });
  if (approval === undefined) throw new Error("the contract has no approval");
  world.contracts.set("flag.turn_off", {
    ...contract,
    approval: { ...approval, standing: { longest: "8h", mostUses: 3 } },
  });
  const posted: string[] = [];
  const deps = {
    ...world.deps,
    noticeboard: {
      async post(notice: Notice, place: { subject: string; part: string }) {
        posted.push(notice.kind === "standing" ? notice.event.type : notice.kind);
        await world.store.postings.record({ ...place, channel: "C0OPS", ts: "1", renderedHash: "" });
      },
    },
  };
  const actions = personActions(world.deps);
  const only = async (): Promise<StandingState> => {
    const [first] = await world.store.ledger.standings(world.clock.now());
    if (first === undefined) throw new Error("there is no standing approval");
    return first.state;
  };
  return {
    world,
    actions,
    posted,
    only,
    /** Asked for by Rita, agreed by Rex. */
    granted: async (over: Partial<StandingWish> = {}): Promise<StandingId> => {
      const asked = await actions.requestStanding({ ...wish, ...over });
      if (asked.kind !== "done") throw new Error(JSON.stringify(asked));
      const { id } = await only();
      await actions.endorseStanding({ standingId: id, userId: "U0REX" });
      return id;
    },
    tell: (id: string) => world.drain("tell", `standing/${id}`, (item) => tell(item, deps)),
  };
}

const flagWish = {
  kind: "flag",
  service: "checkout",
  environmentName: "production",
  flagKey,
  tool: "flag.turn_off",
} as const;
const wish: StandingWish = {
  of: flagWish,
  severity: null,
  confidence: "high",
  maxUses: 1,
  forMs: hour,
  reason: "it flaps tonight",
  userId: "U0RITA",
};

async function carryOut(world: World, id: Awaited<ReturnType<World["propose"]>>): Promise<string> {
  await world.drain("execute", id, (item) => execute(item, world.deps));
  return (await world.change(id)).status;
}

describe("a standing approval", () => {
  it("is asked for by one, agreed by another, and used by an alert without a click, once", async () => {
    const { world, actions, only, tell: run, posted } = createDesk();
    expect(await actions.requestStanding(wish)).toMatchObject({
      kind: "done",
      text: expect.stringContaining("Somebody else must agree"),
    });
    const { id, status, summary } = await only();
    expect(status).toBe("requested");
    expect(summary).toBe(
      `Turn ${flagKey} off, in shop/prod, for incidents of checkout, with confidence high or more`,
    );
    const early = await world.propose();
    expect((await world.change(early)).status).toBe("awaiting_approval");
    await world.vote(early, "U0RITA", { vote: "reject", rationale: "not yet" });

    expect(await actions.endorseStanding({ standingId: id, userId: "U0RITA" })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("it takes somebody else"),
    });
    expect(await actions.endorseStanding({ standingId: id, userId: "U0REX" })).toMatchObject({
      kind: "done",
      text: `${id} counts from now on.`,
    });
    await run(id);
    const used = await world.propose();
    expect(await world.change(used)).toMatchObject({
      status: "approved",
      standing: { standingId: id, by: "Rita and Rex" },
    });
    expect(await carryOut(world, used)).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
    await run(id);
    await run(id);
    expect(posted).toEqual(["standing_requested", "standing_granted", "standing_used"]);
  });

  it.each([
    ["U0OMAR", "refused"],
    ["U0MAYA", "refused"],
    ["U0NED", "refused"],
  ])("may not be granted by %s, neither asked for nor agreed to, and the refusal is kept", async (userId) => {
    const { world, actions, only } = createDesk();
    expect((await actions.requestStanding({ ...wish, userId })).kind).toBe("refused");
    const change = await world.propose();
    const asked = { ...wish, of: { kind: "change" as const, changeId: change }, userId };
    expect((await actions.requestStanding(asked)).kind).toBe("refused");
    expect((await world.story(change)).at(-1)).toBe("action_refused");
    await actions.requestStanding(wish);
    const { id } = await only();
    expect((await actions.endorseStanding({ standingId: id, userId })).kind).toBe("refused");
    const types = (await world.store.ledger.events(`standing/${id}`)).map(({ type }) => type);
    expect(types).toEqual(["standing_requested", "standing_refused"]);
  });

  it("covers exactly the operation of the change it was asked on", async () => {
    const { world, granted, only } = createDesk();
    const change = await world.propose();
    await granted({ of: { kind: "change", changeId: change } });
    expect((await only()).bounds).toMatchObject({
      operation: { tool: "flag.turn_off" },
      condition: { service: "checkout" },
    });
  });

  it("covers no change that somebody asked for, whatever was clicked", async () => {
    const { world, actions } = createDesk();
    const change = await world.propose({ requester: { kind: "person", userId: "U0MAYA", name: "Maya" } });
    expect(
      await actions.requestStanding({ ...wish, of: { kind: "change", changeId: change } }),
    ).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("that an alert led to") as unknown,
    });
    expect(await world.store.ledger.standings(world.clock.now())).toEqual([]);
  });

  it.each([
    ["by default", (world: World) => (world.controls = controlsWith()), "signalman-approval-required"],
    [
      "without a contract that has it",
      (world: World) => world.contracts.set("flag.turn_off", contractWith()),
      "has no standing approvals",
    ],
  ])("is not to be had %s", async (_, change, reason) => {
    const { world, actions } = createDesk();
    change(world);
    expect(await actions.requestStanding(wish)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining(reason),
    });
    expect(world.store.tables.events).toEqual([]);
  });

  it.each([
    [{ forMs: 9 * hour }, "8 hours at most"],
    [{ maxUses: 4 }, "3 times at most"],
    [{ reason: "" }, "needs a reason"],
    [{ of: { ...flagWish, service: "search" } }, "is no flag of search"],
    [{ of: { ...flagWish, flagKey: "nothing" } }, "nothing"],
  ])("with %j is refused with what is wrong", async (over, reason) => {
    const { actions } = createDesk();
    expect(await actions.requestStanding({ ...wish, ...over })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining(reason),
    });
  });

  it("does not count while strict is set, for a change it has approved already as well", async () => {
    const { world, actions, granted } = createDesk();
    await granted();
    const id = await world.propose();
    expect((await world.change(id)).status).toBe("approved");
    await actions.override({
      scope: "checkout",
      wish: { kind: "strict" },
      forMs: hour,
      reason: "look",
      userId: "U0RITA",
    });
    expect(await carryOut(world, id)).toBe("awaiting_approval");
    expect(world.flags.writes).toEqual([]);
    expect(await actions.requestStanding(wish)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("Rita set it for checkout"),
    });
  });

  it("that is revoked before it is carried out leaves the change to be approved", async () => {
    const { world, actions, granted } = createDesk();
    const standingId = await granted();
    const id = await world.propose();
    expect((await actions.revokeStanding({ standingId, reason: "no", userId: "U0NED" })).kind).toBe(
      "refused",
    );
    expect(await actions.revokeStanding({ standingId, reason: "no", userId: "U0REX" })).toMatchObject({
      kind: "done",
      text: `${standingId} is revoked.`,
    });
    expect(await carryOut(world, id)).toBe("awaiting_approval");
    expect(world.flags.writes).toEqual([]);
  });

  it.each(["U0RITA", "U0REX"])("does not count once %s, who granted it, may not any more", async (userId) => {
    const { world, granted } = createDesk();
    await granted();
    const id = await world.propose();
    const person = world.identity.people.get(userId);
    if (person === undefined) throw new Error(`there is no ${userId}`);
    world.identity.people.set(userId, { ...person, deleted: true });
    expect(await carryOut(world, id)).toBe("awaiting_approval");
    expect(world.flags.writes).toEqual([]);
  });

  it("waits while Slack cannot be asked who granted it", async () => {
    const { world, granted } = createDesk();
    await granted();
    const id = await world.propose();
    world.identity.down = true;
    expect(await carryOut(world, id)).toBe("approved");
    expect(world.flags.writes).toEqual([]);
  });

  it("is agreed to only while who asked for it still may", async () => {
    const { world, actions, only } = createDesk();
    await actions.requestStanding(wish);
    world.identity.people.delete("U0RITA");
    const { id } = await only();
    expect((await actions.endorseStanding({ standingId: id, userId: "U0REX" })).kind).not.toBe("done");
    expect((await only()).status).toBe("requested");
  });

  it("with one use left, asked by two incidents at once, runs one and leaves the other to be approved", async () => {
    const { world, granted } = createDesk();
    await granted();
    const now = world.clock.now();
    const one = await proposal(world, "one");
    const two = await proposal(world, "two");
    const first = await proposeChange(one, world.deps, now);
    const second = await proposeChange(two, world.deps, now);
    expect(first.writes).toHaveLength(2);
    expect(second.writes).toHaveLength(2);
    const { ledger } = world.store;
    expect((await ledger.commit({ writes: first.writes, followUps: first.followUps })).kind).toBe(
      "committed",
    );
    expect((await ledger.commit({ writes: second.writes, followUps: second.followUps })).kind).toBe("stale");
    expect(await carryOut(world, first.changeId)).toBe("applied");
    const again = await proposeChange(two, world.deps, now);
    expect(again.decision.kind).toBe("queue_for_review");
    expect((await ledger.commit({ writes: again.writes })).kind).toBe("committed");
    expect(world.flags.writes).toHaveLength(1);
  });

  it("tells when its time is over", async () => {
    const { world, granted, tell: run, posted } = createDesk();
    const id = await granted();
    await run(id);
    world.clock.advance(hour);
    await run(id);
    await run(id);
    expect(posted).toEqual(["standing_requested", "standing_granted", "standing_ended"]);
    expect(await world.change(await world.propose())).toMatchObject({ status: "awaiting_approval" });
  });

  it("that nobody knows is refused", async () => {
    const { actions } = createDesk();
    const standingId = Id.parse("STA-ZZZZZZZZZZ");
    expect((await actions.endorseStanding({ standingId, userId: "U0RITA" })).kind).toBe("refused");
    expect((await actions.revokeStanding({ standingId, reason: "", userId: "U0RITA" })).kind).toBe("refused");
  });
});

/** What the investigation of an incident of its own would propose. */
async function proposal(world: World, group: string): Promise<Parameters<typeof proposeChange>[0]> {
  const incident = await world.store.ledger.incident(await world.openIncident(group));
  const ref = { project: "shop", environment: "prod", environmentId: "env-1", key: flagKey };
  const snapshot = await world.flags.reader.read(ref);
  if (incident === null || snapshot === null) throw new Error("nothing to propose for");
  const compiled = compile({ tool: "flag.turn_off" }, snapshot);
  if (compiled.kind === "refused") throw new Error(compiled.reason);
  return {
    incident: incident.state,
    plan: compiled.plan,
    summary: "Change the flag",
    requester: { kind: "source", sourceId: "alertmanager" },
    agent: "rules",
    expected: null,
    lineage: null,
    reaches: [],
    evidence: { confidence: "high", citations: 2, gaps: 0, coverage: 1, earlierReview: "" },
  };
}
