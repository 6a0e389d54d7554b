import { describe, expect, test } from "vitest";
import { emergencyWords } from "../../../src/domain/change/decide-emergency.ts";
import type { ChangeId } from "../../../src/domain/ids.ts";
import { ApprovalRule } from "../../../src/domain/policy/governance-contract.ts";
import type { RecentEditors } from "../../../src/domain/policy/requirement.ts";
import { breakGlass } from "../../../src/pipeline/people/break-glass.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { ringTimer } from "../../../src/pipeline/ring-timer.ts";
import { contractWith, controlsWith, personWith } from "../../support/policy-fixtures.ts";
import { createWorld, type World } from "./world.ts";

const statement = "Nobody asks for this flag any more.";

/** Turning off takes two, one of them an owner; a release manager may do without them for ten minutes. */
function strictWorld(over: object = {}): World {
  const world = createWorld();
  const contract = contractWith();
  const approval = ApprovalRule.parse({
    reviewers: { default: { roles: ["release-manager"], count: 2, requiredRoles: ["service-owner"] } },
    separationOfDuties: true,
    expiresAfter: "30m",
    breakGlass: { roles: ["release-manager"], validFor: "10m" },
    ...over,
  });
  world.contracts.set("flag.turn_off", { ...contract, approval });
  return world;
}

async function broken(
  world: World,
  id: ChangeId,
  userId = "U0REX",
  over: Partial<Parameters<typeof breakGlass>[0]> = {},
) {
  const { version, proposal } = await world.change(id);
  const words = emergencyWords({ id });
  const { digest } = proposal;
  return breakGlass(
    { changeId: id, version, digest, userId, words, reason: "The shop is down.", ...over },
    world.deps,
  );
}

describe("an emergency", () => {
  test("is one permitted person's approval: carried out at once, with their name on FeatBit's record", async () => {
    const world = strictWorld();
    const id = await world.propose();
    expect(await broken(world, id)).toMatchObject({
      kind: "done",
      text: expect.stringMatching(/emergency/),
    });
    const state = await world.change(id);
    expect(state).toMatchObject({ status: "approved", glass: { name: "Rex", roles: ["release-manager"] } });
    const rows = await world.store.work.waiting(state.expiresAt ?? world.clock.now(), 10);
    expect(rows.map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(["execute", "expire", "notify", "tell"]),
    );
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
    expect(JSON.stringify(world.flags.writes)).toContain("approved by Rex (emergency)");
    expect(await world.story(id)).toEqual(expect.arrayContaining(["glass_broken", "execution_started"]));
  });

  test.each([
    ["somebody without a role", "U0NED", /takes a role/],
    ["somebody who may approve, but not alone", "U0OMAR", /takes a role/],
    ["whoever is on call", "U0MAYA", /takes a role/],
  ])("is not for %s, which is recorded, and whom to ask is said", async (_, userId, reason) => {
    const world = strictWorld();
    const id = await world.propose();
    const answer = await broken(world, id, userId);
    expect(answer).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(reason),
      whoMay: { groups: ["S0RELEASE"], users: ["U0RITA"] },
    });
    expect((await world.story(id)).at(-1)).toBe("action_refused");
    expect(await personActions(world.deps).check(id, userId, "break_glass")).toMatchObject({
      kind: "refused",
    });
    expect((await world.change(id)).status).toBe("awaiting_approval");
  });

  test("is not for whoever may break the glass but not approve here", async () => {
    const world = strictWorld();
    world.identity.people.set("U0REX", personWith({ userId: "U0REX", groups: ["S0RELEASE", "S0FREEZE"] }));
    const id = await world.propose();
    expect(await broken(world, id)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/freeze/),
    });
  });

  test("is nobody's where the contract names no role for it", async () => {
    const world = createWorld();
    const id = await world.propose();
    const actions = personActions(world.deps);
    expect(await actions.check(id, "U0REX", "break_glass")).toMatchObject({
      kind: "refused",
      reason: "nobody may approve this change alone, not even in an emergency",
      whoMay: { groups: [], users: [] },
    });
  });

  test("is not for whoever asked for the change, and takes the words and a reason", async () => {
    const world = strictWorld();
    const id = await world.propose({ requester: { kind: "person", userId: "U0REX", name: "Rex" } });
    expect(await broken(world, id)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/not even in an emergency/),
    });
    expect(await broken(world, id, "U0RITA", { words: "emergency" })).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/type exactly/),
    });
    expect(await broken(world, id, "U0RITA", { reason: " " })).toMatchObject({ kind: "refused" });
    expect(await broken(world, id, "U0RITA", { version: 2 })).toMatchObject({ kind: "refused" });
    expect(await broken(world, id, "U0RITA")).toMatchObject({ kind: "done" });
  });

  test("does not help against what was paused or denied, and leaves what votes are asked for as it was", async () => {
    const world = strictWorld();
    const id = await world.propose();
    for (const controls of [
      controlsWith({ mode: "search_only" }),
      controlsWith({ deniedTools: ["flag.turn_off"] }),
    ]) {
      world.controls = controls;
      expect(await broken(world, id)).toMatchObject({
        kind: "refused",
        reason: expect.stringMatching(/policy/),
      });
    }
    expect(await world.change(id)).toMatchObject({
      status: "awaiting_approval",
      decision: { kind: "queue_for_review" },
    });
    world.controls = controlsWith();
    expect(await world.vote(id)).toMatchObject({ kind: "done" });
  });

  test("is over when its time is: nothing is carried out any more", async () => {
    const world = strictWorld();
    const id = await world.propose();
    await broken(world, id);
    world.clock.advance(10 * 60_000);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("expired");
    expect(world.flags.writes).toEqual([]);
  });

  test("counts for nothing when whoever declared it may no more at the execution", async () => {
    const world = strictWorld();
    const id = await world.propose();
    await broken(world, id);
    world.identity.people.set("U0REX", personWith({ userId: "U0REX" }));
    await world.execute(id);
    expect(await world.change(id)).toMatchObject({ status: "awaiting_approval", glass: null });
    expect(world.flags.writes).toEqual([]);
  });
});

const asking = () => {
  const world = createWorld();
  const contract = contractWith();
  world.contracts.set("flag.turn_off", {
    ...contract,
    attestation: { statement, whenNeeding: ["ToggleFlag"] },
  });
  return world;
};
const stating = async (world: World, id: ChangeId, userId: string) => {
  const { version, proposal } = await world.change(id);
  return personActions(world.deps).attest({ changeId: id, version, digest: proposal.digest, userId });
};

describe("a statement", () => {
  test("is asked for before anybody may approve, is one person's, and is recorded with the name", async () => {
    const world = asking();
    const id = await world.propose();
    expect(await world.vote(id)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining(statement),
    });
    expect(await stating(world, id, "U0MAYA")).toMatchObject({ kind: "refused" });
    expect((await world.story(id)).at(-1)).toBe("action_refused");
    expect(await stating(world, id, "U0REX")).toMatchObject({ kind: "done" });
    expect(await stating(world, id, "U0RITA")).toMatchObject({ text: "Somebody has stated it already." });
    expect(await world.change(id)).toMatchObject({ attestation: { name: "Rex", statement } });
    expect(await world.vote(id)).toMatchObject({ kind: "done" });
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
  });
});

describe("who may decide", () => {
  test("are the roles that must be among the approvers too, and each hears what is still missing", async () => {
    const world = strictWorld();
    const id = await world.propose();
    expect(await world.vote(id, "U0REX")).toMatchObject({
      kind: "done",
      text: expect.stringContaining("an approval by service-owner"),
    });
    expect(await world.vote(id, "U0OMAR")).toMatchObject({ text: "Approved. It is being carried out now." });
  });

  test("are those that an escalation brought in, from then on", async () => {
    const world = strictWorld({
      reviewers: { default: { roles: ["staging-owner"], count: 1 } },
      escalation: [{ after: "20m", roles: ["release-manager"] }],
    });
    const id = await world.propose();
    expect(await world.vote(id, "U0REX")).toMatchObject({
      kind: "refused",
      reason: "this change needs an approval by staging-owner",
    });
    world.clock.advance(20 * 60_000);
    await world.drain("chase", id, (item) => ringTimer("chase", item, world.deps));
    expect(await world.change(id)).toMatchObject({ chased: 1, escalatedTo: ["release-manager"] });
    expect(await world.vote(id, "U0NED")).toMatchObject({ whoMay: { groups: ["S0RELEASE"] } });
    expect(await world.vote(id, "U0REX")).toMatchObject({ kind: "done" });
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
  });

  test("are not only those who changed the flag lately: their vote counts and is not enough", async () => {
    const world = createWorld();
    const editors: RecentEditors = { userIds: ["U0REX"], unmatched: [] };
    world.deps.guard = async () => ({ findings: [], editors });
    const id = await world.propose();
    expect(await world.vote(id, "U0REX")).toMatchObject({
      kind: "done",
      text: expect.stringContaining("somebody who has not changed the flag lately"),
    });
    const { status, votes } = await world.change(id);
    expect({ status, votes: votes.length }).toEqual({ status: "awaiting_approval", votes: 1 });
    expect(await world.vote(id, "U0RITA")).toMatchObject({ text: "Approved. It is being carried out now." });
  });
});
