import { describe, expect, test } from "vitest";
import { sameBehaviour } from "../../../src/domain/flag/flag.ts";
import { type ChangeId, later } from "../../../src/domain/ids.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import type { ActionAnswer } from "../../../src/pipeline/ports/person-actions.ts";
import { ringTimer } from "../../../src/pipeline/ring-timer.ts";
import { controlsWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, settleMs, type World } from "./world.ts";

const dayMs = 86_400_000;

async function applied(world: World, options?: Parameters<World["approved"]>[0]): Promise<ChangeId> {
  const id = await world.approved(options);
  await world.execute(id);
  expect((await world.change(id)).status).toBe("applied");
  return id;
}

async function needingHuman(world: World): Promise<ChangeId> {
  const id = await world.approved();
  world.flags.fates.push("answer_lost");
  await world.execute(id);
  // The write is there, and somebody else's after it hides whose it was.
  world.deps.writer = {
    ...world.deps.writer,
    reconcile: async () => ({ kind: "unclear", reason: "The audit log does not say.", current: ["Off."] }),
  };
  world.clock.advance(settleMs);
  await world.execute(id);
  world.deps.writer = world.flags.writer;
  expect((await world.change(id)).status).toBe("needs_human");
  return id;
}

function started(answer: ActionAnswer): ChangeId {
  if (answer.kind !== "done" || answer.changeId === undefined) throw new Error(JSON.stringify(answer));
  return answer.changeId;
}

const byMaya = (changeId: ChangeId) => ({ changeId, userId: "U0MAYA", reason: "" });

describe("the reverse of an applied change", () => {
  test("goes through the same gate, restores the flag field for field, and closes where it came from", async () => {
    const world = createWorld();
    const before = world.flags.flag(flagKey);
    const origin = await applied(world);
    const reverse = started(await personActions(world.deps).revert(byMaya(origin)));
    expect((await world.change(reverse)).status).toBe("awaiting_approval");
    expect((await world.change(origin)).status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);

    expect(await world.vote(reverse, "U0RITA")).toMatchObject({ kind: "done" });
    await world.execute(reverse);
    expect(sameBehaviour(world.flags.flag(flagKey), before)).toBe(true);
    expect(await world.change(origin)).toMatchObject({
      status: "closed",
      closure: { resolution: "roll_back", linkedChangeId: reverse, by: "Maya" },
    });
    expect((await world.change(reverse)).proposal).toMatchObject({ temporary: false });
    // Both in one commit: there is no moment in which the reverse holds and the origin does not know.
    const last = world.store.commits.findLast(({ commit }) =>
      commit.writes.some((write) => write.id === reverse),
    );
    expect(last?.commit.writes.map(({ id }) => id)).toContain(origin);
  });

  test("is refused when the flag has moved, with both states told", async () => {
    const world = createWorld();
    const origin = await applied(world);
    world.flags.edit(flagKey, { disabledVariationId: "on" });
    const answer = await personActions(world.deps).revert(byMaya(origin));
    expect(answer).toMatchObject({ kind: "refused" });
    const reason = answer.kind === "refused" ? answer.reason : "";
    expect(reason).toContain(`After ${origin}:`);
    expect(reason).toContain("Now:");
    expect(await world.store.ledger.changes({ limit: 10 })).toHaveLength(1);
  });

  test("is refused where nothing was applied, the flag is gone, or the person may not", async () => {
    const world = createWorld();
    const actions = personActions(world.deps);
    const id = await world.propose();
    expect(await actions.revert(byMaya(id))).toMatchObject({ kind: "refused" });
    await world.vote(id);
    await world.execute(id);
    expect(await actions.revert({ ...byMaya(id), userId: "U0NED" })).toMatchObject({ kind: "refused" });
    expect((await world.story(id)).at(-1)).toBe("action_refused");
    world.flags.edit(flagKey, null);
    expect(await actions.revert(byMaya(id))).toMatchObject({ kind: "refused" });
  });

  test("is started once: the second click is told of the first", async () => {
    const world = createWorld();
    const origin = await applied(world);
    const actions = personActions(world.deps);
    const answers = await Promise.all([1, 2, 3].map(() => actions.revert(byMaya(origin))));
    const [first, ...others] = answers.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
    const reverse = first === undefined ? null : started(first);
    expect(others.map(({ kind }) => kind)).toEqual(["refused", "refused"]);
    expect(others.every((answer) => "reason" in answer && answer.reason.includes(String(reverse)))).toBe(
      true,
    );
    expect(await world.store.ledger.changes({ limit: 10 })).toHaveLength(2);
  });

  test("cannot be approved by whoever asked for it", async () => {
    const world = createWorld();
    const origin = await applied(world);
    const actions = personActions(world.deps);
    const reverse = started(await actions.revert({ ...byMaya(origin), userId: "U0RITA" }));
    expect(await world.vote(reverse, "U0RITA")).toMatchObject({ kind: "refused" });
    expect(await world.vote(reverse, "U0REX")).toMatchObject({ kind: "done" });
  });

  test("that policy does not let be approved says so, and does not pretend to wait", async () => {
    const world = createWorld();
    const origin = await applied(world);
    world.controls = controlsWith({ mode: "draft_write" });
    const answer = await personActions(world.deps).revert(byMaya(origin));
    const reverse = started(answer);
    expect((await world.change(reverse)).status).toBe("shown");
    expect(answer.kind === "done" ? answer.text : "").not.toContain("waits for its approval");
  });
});

describe("the reverse of what needs a person", () => {
  test("closes it in the commit that proposes the reverse, so that the flag is never taken twice", async () => {
    const world = createWorld();
    const origin = await needingHuman(world);
    const reverse = started(await personActions(world.deps).revert(byMaya(origin)));
    const last = world.store.commits.at(-1);
    expect(last?.commit.writes.map(({ id }) => id).toSorted()).toEqual([origin, reverse].toSorted());
    expect(await world.change(origin)).toMatchObject({
      status: "closed",
      closure: { resolution: "roll_back", linkedChangeId: reverse },
    });
    expect((await world.store.ledger.openChangeFor("env-1", flagKey))?.state.id).toBe(reverse);
  });

  test("leaves it in need of a person where policy does not let the reverse be approved", async () => {
    const world = createWorld();
    const origin = await needingHuman(world);
    world.controls = controlsWith({ deniedTools: ["flag.turn_on"] });
    const reverse = started(await personActions(world.deps).revert(byMaya(origin)));
    expect((await world.change(reverse)).status).toBe("denied");
    expect((await world.change(origin)).status).toBe("needs_human");
  });

  test("blocks every other change of the flag until somebody has decided", async () => {
    const world = createWorld();
    const origin = await needingHuman(world);
    await expect(world.propose({ operation: { tool: "flag.turn_on" } })).rejects.toThrow("flag_busy");
    const actions = personActions(world.deps);
    const closing = { changeId: origin, userId: "U0RITA", owner: "Rita", note: "looked", reviewAt: null };
    expect(await actions.close({ ...closing, resolution: "keep" })).toMatchObject({ kind: "done" });
    await world.propose({ operation: { tool: "flag.turn_on" } });
  });
});

describe("a wider change", () => {
  const tenth = {
    tool: "flag.set_rollout" as const,
    rule: null,
    shares: [
      { variationId: "on", percent: 10 },
      { variationId: "off", percent: 90 },
    ],
  };

  test("is offered in steps above the share that stands, and closes its origin when applied", async () => {
    const world = createWorld();
    const origin = await applied(world, { operation: tenth });
    const actions = personActions(world.deps);
    const offers = await actions.expansions(origin);
    expect(offers.map(({ id }) => id)).toEqual(["share-25", "share-50", "share-100"]);
    const input = { changeId: origin, userId: "U0MAYA", expansionId: "share-50", reason: "looks well" };
    const wider = started(await actions.expand(input));
    expect((await world.change(wider)).proposal.summary).toContain("(looks well)");
    await world.vote(wider, "U0RITA");
    await world.execute(wider);
    expect(world.flags.flag(flagKey).fallthrough.variations).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: "on", rollout: [0, 0.5] })]),
    );
    expect(await world.change(origin)).toMatchObject({
      status: "closed",
      closure: { resolution: "expand", linkedChangeId: wider },
    });
  });

  test("is refused when the step is no longer on offer", async () => {
    const world = createWorld();
    const origin = await applied(world, { operation: tenth });
    world.flags.edit(flagKey, { isEnabled: false });
    const actions = personActions(world.deps);
    expect(await actions.expansions(origin)).toEqual([]);
    const input = { changeId: origin, userId: "U0MAYA", expansionId: "share-50", reason: "" };
    expect(await actions.expand(input)).toMatchObject({ kind: "refused" });
  });

  test("of a switch there is none", async () => {
    const world = createWorld();
    expect(await personActions(world.deps).expansions(await applied(world))).toEqual([]);
  });
});

describe("what our write overwrote", () => {
  test("is brought back by a change of its own, which leaves the first one open", async () => {
    const world = createWorld();
    world.deps.writer = {
      ...world.flags.writer,
      async apply(request) {
        const outcome = await world.flags.writer.apply(request);
        if (outcome.kind !== "applied") return outcome;
        const restore = { call: "off_variation" as const, variationId: "on" };
        const lost = ["Off variation On"];
        return {
          ...outcome,
          chain: {
            kind: "broken",
            auditEntryId: "a1",
            by: "Ada",
            changedAt: world.clock.now(),
            lost,
            restore,
          },
        };
      },
    };
    const origin = await applied(world);
    const actions = personActions(world.deps);
    const restoring = started(await actions.restoreOverwritten({ changeId: origin, userId: "U0MAYA" }));
    const { proposal } = await world.change(restoring);
    expect(proposal.lineage).toEqual({ kind: "restores_overwritten", changeId: origin });
    expect(proposal.plan.forward).toEqual({ call: "off_variation", variationId: "on" });
    expect((await world.change(origin)).status).toBe("applied");
  });

  test("is nothing where the chain is intact", async () => {
    const world = createWorld();
    const origin = await applied(world);
    const actions = personActions(world.deps);
    expect(await actions.restoreOverwritten({ changeId: origin, userId: "U0MAYA" })).toMatchObject({
      kind: "refused",
    });
  });
});

const close = (world: World, changeId: ChangeId, over = {}) =>
  personActions(world.deps).close({
    changeId,
    userId: "U0RITA",
    resolution: "keep",
    owner: "Rita",
    note: "",
    reviewAt: later(world.clock.now(), dayMs),
    ...over,
  });

const review = (world: World, id: ChangeId) =>
  world.drain("review", id, (item) => ringTimer("review", item, world.deps));

describe("closing and its review date", () => {
  test("reopens the card when the date has passed, once", async () => {
    const world = createWorld();
    const id = await applied(world);
    expect(await close(world, id)).toMatchObject({ kind: "done" });
    world.clock.advance(dayMs - 1);
    await review(world, id);
    expect((await world.change(id)).reviewDue).toBe(false);
    world.clock.advance(1);
    await review(world, id);
    await review(world, id);
    expect((await world.change(id)).reviewDue).toBe(true);
    expect((await world.story(id)).filter((type) => type === "review_due")).toHaveLength(1);
  });

  test("a later date, set after the first was due, is waited for", async () => {
    const world = createWorld();
    const id = await applied(world);
    await close(world, id);
    world.clock.advance(dayMs);
    await review(world, id);
    expect(await close(world, id, { reviewAt: later(world.clock.now(), 7 * dayMs) })).toMatchObject({
      kind: "done",
    });
    expect((await world.change(id)).reviewDue).toBe(false);
    world.clock.advance(6 * dayMs);
    await review(world, id);
    expect((await world.change(id)).reviewDue).toBe(false);
    world.clock.advance(dayMs);
    await review(world, id);
    expect((await world.change(id)).reviewDue).toBe(true);
  });

  test("twice the same is done once; without permission, owner or date it is refused", async () => {
    const world = createWorld();
    const id = await applied(world);
    expect(await close(world, id, { userId: "U0NED" })).toMatchObject({ kind: "refused" });
    expect(await close(world, id, { owner: " " })).toMatchObject({ kind: "refused" });
    expect(await close(world, id, { reviewAt: null })).toMatchObject({ kind: "refused" });
    expect(await close(world, id, { reviewAt: world.clock.now() })).toMatchObject({ kind: "refused" });
    const answers = await Promise.all([close(world, id), close(world, id)]);
    expect(answers.map(({ kind }) => kind)).toEqual(["done", "done"]);
    expect((await world.story(id)).filter((type) => type === "change_closed")).toHaveLength(1);
  });

  test("is taken off when the change is undone after all", async () => {
    const world = createWorld();
    const id = await applied(world);
    await close(world, id);
    const reverse = started(await personActions(world.deps).revert(byMaya(id)));
    await world.vote(reverse, "U0RITA");
    await world.execute(reverse);
    expect(await world.change(id)).toMatchObject({ closure: { resolution: "roll_back", reviewAt: null } });
    world.clock.advance(2 * dayMs);
    await review(world, id);
    expect((await world.change(id)).reviewDue).toBe(false);
  });
});

const expire = (world: World, id: ChangeId) =>
  world.drain("expire", id, (item) => ringTimer("expire", item, world.deps));

describe("the time to approve", () => {
  test("ends what nobody decided, and what was approved and not begun", async () => {
    for (const approve of [false, true]) {
      const world = createWorld();
      const id = approve ? await world.approved() : await world.propose();
      world.clock.advance(30 * 60_000);
      await expire(world, id);
      expect((await world.change(id)).status).toBe("expired");
      expect((await world.store.ledger.openChangeFor("env-1", flagKey)) ?? null).toBeNull();
    }
  });

  test("that was moved by the approval is waited for", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.clock.advance(20 * 60_000);
    await world.vote(id);
    world.clock.advance(10 * 60_000);
    await expire(world, id);
    expect((await world.change(id)).status).toBe("approved");
    world.clock.advance(20 * 60_000);
    await expire(world, id);
    expect((await world.change(id)).status).toBe("expired");
  });

  test("says nothing of a change that has found its end", async () => {
    const world = createWorld();
    const id = await applied(world);
    const story = await world.story(id);
    world.clock.advance(60 * 60_000);
    await expire(world, id);
    expect(await world.story(id)).toEqual(story);
  });
});
