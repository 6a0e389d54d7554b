import { describe, expect, test } from "vitest";
import { later } from "../../../src/domain/ids.ts";
import { checkVote, castVote } from "../../../src/pipeline/people/cast-vote.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { contractWith, controlsWith, personWith } from "../../support/policy-fixtures.ts";
import { createWorld, type World } from "./world.ts";

function asksForTwo(world: World): void {
  const contract = contractWith();
  if (contract.approval === undefined) throw new Error("no approval rule");
  const reviewers = { default: { roles: ["release-manager", "service-owner"], count: 2, requiredRoles: [] } };
  world.contracts.set("flag.turn_off", { ...contract, approval: { ...contract.approval, reviewers } });
}

const count = (story: readonly string[], type: string) => story.filter((each) => each === type).length;

describe("a vote", () => {
  test("that completes the quorum starts the execution and moves the expiry", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.clock.advance(60_000);
    expect(await world.vote(id)).toMatchObject({
      kind: "done",
      text: "Approved. It is being carried out now.",
    });
    const { expiresAt } = await world.change(id);
    const rows = await world.store.work.waiting(expiresAt ?? world.clock.now(), 10);
    expect(rows).toContainEqual({ stage: "execute", subject: id, dueAt: world.clock.now() });
    expect(rows.some(({ stage }) => stage === "expire")).toBe(true);
  });

  test("that completes the quorum lets the card wait a moment for what becomes of it", async () => {
    const world = createWorld();
    const id = await world.propose();
    const { incidentId } = await world.change(id);
    const shown = await world.store.work.claim("notify", incidentId, 1000);
    if (shown !== null) await world.store.work.finish(shown);
    await world.vote(id);
    const { expiresAt } = await world.change(id);
    const rows = await world.store.work.waiting(expiresAt ?? world.clock.now(), 10);
    const cards = rows.filter(({ stage }) => stage === "notify");
    expect(cards).toEqual([{ stage: "notify", subject: incidentId, dueAt: later(world.clock.now(), 1500) }]);
  });

  test("of one of two waits for the other; the same person twice is one", async () => {
    const world = createWorld();
    asksForTwo(world);
    const id = await world.propose();
    expect(await world.vote(id, "U0RITA")).toMatchObject({ kind: "done" });
    expect(await world.vote(id, "U0RITA")).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/already/),
    });
    expect((await world.change(id)).status).toBe("awaiting_approval");
    expect(await world.vote(id, "U0OMAR")).toMatchObject({ kind: "done" });
    expect((await world.change(id)).status).toBe("approved");
  });

  test("to reject ends it", async () => {
    const world = createWorld();
    const id = await world.propose();
    await world.vote(id, "U0MAYA", { vote: "reject", rationale: "It is the deploy." });
    expect(await world.change(id)).toMatchObject({
      status: "rejected",
      ended: { reason: "It is the deploy.", by: "Maya" },
    });
    expect(await world.vote(id)).toMatchObject({ kind: "refused" });
  });

  test.each([
    ["somebody without a role", "U0NED", /takes a role/],
    ["somebody who may only reject", "U0MAYA", /takes a role/],
    ["somebody whom Slack does not know", "U0GONE", /Slack/],
  ])("by %s does not count", async (_, userId, reason) => {
    const world = createWorld();
    const id = await world.propose();
    const answer = await world.vote(id, userId);
    expect(answer.kind).not.toBe("done");
    expect("reason" in answer ? answer.reason : "").toMatch(reason);
    expect((await world.change(id)).status).toBe("awaiting_approval");
  });

  test("that is refused is in the ledger, and the person hears whom to ask", async () => {
    const world = createWorld();
    const id = await world.propose();
    expect(await world.vote(id, "U0NED")).toMatchObject({
      kind: "refused",
      whoMay: { groups: ["S0RELEASE", "S0CHECKOUT"], users: ["U0RITA"] },
    });
    expect((await world.story(id)).at(-1)).toBe("vote_refused");
  });

  test("needs one of the roles that the change asks for", async () => {
    const world = createWorld();
    const contract = contractWith();
    if (contract.approval === undefined) throw new Error("no approval rule");
    const reviewers = { default: { roles: ["service-owner"], count: 1, requiredRoles: [] } };
    world.contracts.set("flag.turn_off", { ...contract, approval: { ...contract.approval, reviewers } });
    const id = await world.propose();
    expect(await world.vote(id, "U0RITA")).toMatchObject({
      kind: "refused",
      reason: "this change needs an approval by service-owner",
      whoMay: { groups: ["S0CHECKOUT"], users: [] },
    });
    expect(await world.vote(id, "U0OMAR")).toMatchObject({ kind: "done" });
  });

  test("by whoever asked for it does not count", async () => {
    const world = createWorld();
    const requester = { kind: "person" as const, userId: "U0RITA", name: "Rita" };
    const id = await world.propose({ requester });
    expect(await world.vote(id, "U0RITA")).toMatchObject({ kind: "refused" });
    expect(await world.vote(id, "U0REX")).toMatchObject({ kind: "done" });
  });

  test("of an old card or for another digest does not count", async () => {
    const world = createWorld();
    const id = await world.propose();
    expect(await world.vote(id, "U0RITA", { version: 2 })).toMatchObject({ kind: "refused" });
    expect(await world.vote(id, "U0RITA", { digest: "sha256:0" })).toMatchObject({ kind: "refused" });
    expect((await world.change(id)).votes).toEqual([]);
  });

  test("is answered with try again while Slack cannot be asked, and nothing is written", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.identity.down = true;
    const before = world.store.commits.length;
    expect((await world.vote(id)).kind).toBe("unavailable");
    expect(world.store.commits).toHaveLength(before);
  });

  test("asks for facts at most a minute old", async () => {
    const world = createWorld();
    await world.approved();
    expect(world.identity.asked).toEqual([{ userId: "U0RITA", maxAgeMs: 60_000 }]);
  });

  test("does not approve when the mode has gone down, and is not used up by it", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.controls = controlsWith({ mode: "search_only" });
    expect((await world.vote(id)).kind).toBe("refused");
    expect((await world.change(id)).status).toBe("awaiting_approval");
    world.controls = controlsWith();
    expect((await world.vote(id)).kind).toBe("done");
    expect((await world.change(id)).status).toBe("approved");
  });

  test("for what policy denies by now ends it as denied", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.controls = controlsWith({ deniedTools: ["flag.turn_off"] });
    expect(await world.vote(id)).toMatchObject({ kind: "done", text: expect.stringMatching(/denies/) });
    expect((await world.change(id)).status).toBe("denied");
  });

  test("for a change that is not there is refused", async () => {
    const world = createWorld();
    const id = world.deps.newChangeId();
    const vote = { changeId: id, version: 1, digest: "", rationale: "", userId: "U0RITA" };
    expect(await castVote({ ...vote, vote: "approve" }, world.deps)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(id),
    });
  });
});

const crowd = (world: World, groups: string[]) => {
  const ids = Array.from({ length: 50 }, (_, index) => `U0P${index}`);
  for (const userId of ids) world.identity.people.set(userId, personWith({ userId, groups }));
  return ids;
};

describe("fifty at once", () => {
  test("people approve: one approval, one execution", async () => {
    const world = createWorld();
    const id = await world.propose();
    const voters = crowd(world, ["S0RELEASE"]);
    const answers = await Promise.all(voters.map((userId) => world.vote(id, userId)));
    expect(answers.filter(({ kind }) => kind === "done")).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === "refused")).toHaveLength(49);
    const story = await world.story(id);
    expect(count(story, "vote_cast")).toBe(1);
    expect(count(story, "change_approved")).toBe(1);
    await world.execute(id);
    expect(world.flags.writes).toHaveLength(1);
  });

  test("clicks of one person: one vote", async () => {
    const world = createWorld();
    asksForTwo(world);
    const id = await world.propose();
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.vote(id, "U0RITA")));
    expect(answers.filter(({ kind }) => kind === "done")).toHaveLength(1);
    expect(count(await world.story(id), "vote_cast")).toBe(1);
  });

  test("people who may not: every one is refused and recorded, and no one sees an error", async () => {
    const world = createWorld();
    const id = await world.propose();
    const answers = await Promise.all(crowd(world, []).map((userId) => world.vote(id, userId)));
    expect(answers.filter(({ kind }) => kind === "refused")).toHaveLength(50);
    expect(count(await world.story(id), "vote_refused")).toBe(50);
  });
});

describe("before the form opens", () => {
  test("who may is let through without a trace, and who may not is refused and recorded", async () => {
    const world = createWorld();
    const id = await world.propose();
    const loaded = await world.store.ledger.change(id);
    if (loaded === null) throw new Error("no change");
    expect(await checkVote(loaded, "U0RITA", "approve", world.deps)).toMatchObject({ kind: "done" });
    expect((await world.change(id)).votes).toEqual([]);
    const actions = personActions(world.deps);
    expect(await actions.check(id, "U0NED", "approve")).toMatchObject({ kind: "refused" });
    expect((await world.story(id)).at(-1)).toBe("vote_refused");
    expect(await actions.check(id, "U0NED", "close")).toMatchObject({ kind: "refused" });
    expect((await world.story(id)).at(-1)).toBe("action_refused");
    expect(await actions.check(id, "U0RITA", "close")).toMatchObject({ kind: "done" });
  });
});

describe("being on it", () => {
  test("is one person's, is said once, and needs a permission", async () => {
    const world = createWorld();
    const incidentId = await world.openIncident();
    const actions = personActions(world.deps);
    const answers = await Promise.all(
      ["U0MAYA", "U0REX", "U0MAYA"].map((userId) => actions.acknowledge({ incidentId, userId })),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(["done", "refused", "done"]);
    expect(await actions.acknowledge({ incidentId, userId: "U0NED" })).toMatchObject({ kind: "refused" });
    const events = await world.store.ledger.events(`incident/${incidentId}`);
    expect(events.filter(({ type }) => type === "acknowledged")).toHaveLength(1);
  });
});
