import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Instant, later } from "../../../src/domain/ids.ts";
import { execute } from "../../../src/pipeline/execute.ts";
import type { WorkItem } from "../../../src/pipeline/ports/storage.ts";
import { contractWith, controlsWith, personWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, leaseMs, settleMs, verifyAfterMs, type World } from "./world.ts";

const began = ["change_proposed", "decided", "vote_cast", "decided", "change_approved"];

/** Waits as long as an unanswered write may still be under way, and looks again. */
async function settle(world: World, id: Parameters<World["execute"]>[0]): Promise<void> {
  world.clock.advance(settleMs);
  await world.execute(id);
}

describe("an approved change", () => {
  test("is written once, with what people need to find it again, and its effect will be judged", async () => {
    const world = createWorld();
    const id = await world.approved();
    await world.execute(id);
    await world.execute(id);

    expect(world.flags.flag(flagKey).isEnabled).toBe(false);
    expect(await world.story(id)).toEqual([...began, "decided", "execution_started", "change_applied"]);
    const { execution, status } = await world.change(id);
    expect(status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
    expect(world.flags.writes[0]).toMatchObject({ operationId: execution?.operationId });
    const { comment } = world.flags.writes[0] ?? { comment: "" };
    expect(comment).toContain(id);
    expect(comment).toContain("approved by Rita");
    const due = await world.store.work.waiting(verifyDue(world), 100);
    expect(due.filter(({ subject }) => subject === id)).toEqual([
      { stage: "verify", subject: id, dueAt: verifyDue(world) },
    ]);
  });

  test("is asked about afresh: identity no older than now", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.identity.asked.length = 0;
    await world.execute(id);
    expect(world.identity.asked).toEqual([{ userId: "U0RITA", maxAgeMs: 0 }]);
  });

  test("without an approval is not touched, whoever rings", async () => {
    const world = createWorld();
    const id = await world.propose();
    const { correlationId } = await world.change(id);
    await world.store.ledger.commit({
      writes: [],
      followUps: [{ stage: "execute", subject: id, correlationId }],
    });
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect((await world.change(id)).status).toBe("awaiting_approval");
    expect(world.store.tables.work.size).toBe(2); // the card and the expiry; the ring is done with
  });

  test("expires instead of being executed late", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.clock.advance(30 * 60_000);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("expired");
    expect(world.flags.writes).toEqual([]);
  });
});

describe("between the click and the write", () => {
  const demotions = {
    "loses the role": personWith({ userId: "U0REX" }),
    "is deactivated": personWith({ userId: "U0REX", groups: ["S0RELEASE"], deleted: true }),
    "becomes a guest": personWith({ userId: "U0REX", groups: ["S0RELEASE"], isRestricted: true }),
    "joins a group that forbids it": personWith({ userId: "U0REX", groups: ["S0RELEASE", "S0FREEZE"] }),
  };
  test.each(Object.entries(demotions))("the approver %s: votes void, nothing written", async (_, person) => {
    const world = createWorld();
    const id = await world.propose();
    await world.vote(id, "U0REX");
    world.identity.people.set("U0REX", person);
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect(await world.change(id)).toMatchObject({ status: "awaiting_approval", votes: [] });
    expect(await world.story(id)).toEqual([...began, "decided", "votes_voided"]);
    const expiry = await world.store.work.waiting(
      (await world.change(id)).expiresAt ?? world.clock.now(),
      100,
    );
    expect(expiry.map(({ stage }) => stage)).toContain("expire");

    await world.vote(id, "U0RITA");
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
  });

  test.each(["off", "observe", "fallback", "search_only", "draft_write"] as const)(
    "the mode goes down to %s: denied",
    async (mode) => {
      const world = createWorld();
      const id = await world.approved();
      world.controls = controlsWith({ mode });
      await world.execute(id);
      expect(world.flags.writes).toEqual([]);
      expect(await world.story(id)).toEqual([...began, "decided", "change_denied"]);
    },
  );

  test("the mode goes down while the flag is slow to be read: denied", async () => {
    const world = createWorld();
    const id = await world.approved();
    const { reader } = world.flags;
    const read = reader.read.bind(reader);
    reader.read = async (ref) => {
      await delay(400);
      world.controls = controlsWith({ mode: "off" });
      await delay(200);
      return read(ref);
    };
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect((await world.change(id)).status).toBe("denied");
  });

  test("the tool comes onto the deny list: denied", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.controls = controlsWith({ deniedTools: ["flag.turn_off"] });
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect((await world.change(id)).status).toBe("denied");
  });

  test("the contract changes: superseded, because something else was approved", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.contracts.set("flag.turn_off", contractWith({ owner: "somebody else" }));
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect((await world.change(id)).status).toBe("superseded");
  });

  test.each([
    ["its rollout", { rules: [], isEnabled: true, disabledVariationId: "on" }],
    ["nothing but its revision", {}],
  ])("somebody changes %s: superseded, and the current state is told", async (_, edit) => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.edit(flagKey, edit);
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    const { status, ended } = await world.change(id);
    expect(status).toBe("superseded");
    expect(ended?.current.length).toBeGreaterThan(0);
  });

  test("the flag is gone: superseded", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.edit(flagKey, null);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("superseded");
  });

  test("the flag moves in the last moment: the platform's own look finds it", async () => {
    const world = createWorld();
    const id = await world.approved();
    const { reader } = world.flags;
    world.deps.flags = {
      ...reader,
      read: async (ref) => {
        const snapshot = await reader.read(ref);
        world.flags.edit(flagKey, { disabledVariationId: "on" });
        return snapshot;
      },
    };
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect((await world.change(id)).status).toBe("superseded");
  });

  test("Slack or the platform cannot be asked: nothing happens until they can", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.identity.down = true;
    await world.execute(id);
    world.identity.down = false;
    world.flags.down = true;
    world.clock.advance(5_000);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("approved");
    world.flags.down = false;
    world.clock.advance(5_000);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
  });

  test("Slack no longer knows the approver: that vote does not count, and the change does not hang", async () => {
    const world = createWorld();
    const id = await world.propose();
    await world.vote(id, "U0REX");
    world.identity.people.delete("U0REX");
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect(await world.change(id)).toMatchObject({ status: "awaiting_approval", votes: [] });
  });
});

describe("a write that was refused", () => {
  test("ends as failed", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.fates.push("refused");
    await world.execute(id);
    expect(await world.change(id)).toMatchObject({ status: "failed", ended: { reason: "FeatBit said no." } });
    expect(world.store.tables.work.size).toBe(1); // the card
  });
});

describe("a write without an answer", () => {
  const uncertain = [...began, "decided", "execution_started", "execution_uncertain"];

  test("is read back and found applied", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.fates.push("answer_lost");
    await world.execute(id);
    expect(await world.story(id)).toEqual(uncertain);
    await settle(world, id);
    expect(await world.change(id)).toMatchObject({ status: "applied", applied: { reconciled: true } });
    expect(world.flags.writes).toHaveLength(1);
  });

  test("is read back, not found, and sent once more with the same operation id", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.fates.push("lost");
    await world.execute(id);
    await settle(world, id);
    expect(await world.story(id)).toEqual([...uncertain, "change_applied"]);
    const { execution } = await world.change(id);
    expect(world.flags.writes.map(({ operationId }) => operationId)).toEqual([execution?.operationId]);
  });

  test("is not sent again while it may still be under way", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.fates.push("lost");
    await world.execute(id);
    world.clock.advance(settleMs - 1);
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
  });

  test("is read back and unclear: a person must look, and the flag stays taken", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.fates.push("lost");
    await world.execute(id);
    world.flags.edit(flagKey, { disabledVariationId: "on" });
    await settle(world, id);
    const { status, ended } = await world.change(id);
    expect(status).toBe("needs_human");
    expect(ended?.current.length).toBeGreaterThan(0);
    expect(world.flags.writes).toEqual([]);
    expect((await world.store.ledger.openChangeFor("env-1", flagKey))?.state.id).toBe(id);
  });

  test("is not sent again where policy, the approver or the time no longer allow it", async () => {
    const spoil: Record<string, (world: World) => void> = {
      policy: (world) => (world.controls = controlsWith({ mode: "search_only" })),
      approver: (world) =>
        world.identity.people.set("U0RITA", personWith({ userId: "U0RITA", deleted: true })),
      rules: (world) => world.contracts.set("flag.turn_off", contractWith({ owner: "another" })),
      time: (world) => world.clock.advance(30 * 60_000),
    };
    for (const [what, apply] of Object.entries(spoil)) {
      const world = createWorld();
      const id = await world.approved();
      world.flags.fates.push("lost");
      await world.execute(id);
      apply(world);
      await settle(world, id);
      expect((await world.change(id)).status, what).toBe("failed");
      expect(world.flags.writes, what).toEqual([]);
    }
  });

  test("is said once, however often it stays unknown", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.fates.push("lost", "lost", "answer_lost");
    await world.execute(id);
    await settle(world, id);
    await settle(world, id);
    await settle(world, id);
    expect(await world.story(id)).toEqual([...uncertain, "change_applied"]);
    expect(world.flags.writes).toHaveLength(1);
  });
});

describe("a lease that was lost", () => {
  test("just before the write: nothing is written by who lost it", async () => {
    const world = createWorld();
    const id = await world.approved();
    const item = await world.store.work.claim("execute", id, leaseMs);
    if (item === null) throw new Error("nothing to execute");
    const takers: Promise<WorkItem | null>[] = [];
    world.flags.beforeWrite = () => {
      world.flags.beforeWrite = () => undefined;
      world.clock.advance(leaseMs + 1);
      takers.push(world.store.work.claim("execute", id, leaseMs));
    };
    expect(await execute(item, world.deps)).toEqual({ kind: "handed_over" });
    expect(world.flags.writes).toEqual([]);

    const next = await takers[0];
    if (!next) throw new Error("nobody took over");
    expect(await execute(next, world.deps)).toEqual({ kind: "committed" });
    expect(world.flags.writes).toHaveLength(1);
  });

  test("after the write: whoever has it by now records the outcome, once", async () => {
    const world = createWorld();
    const id = await world.approved();
    const first = await world.store.work.claim("execute", id, leaseMs);
    world.clock.advance(leaseMs + 1);
    const second = await world.store.work.claim("execute", id, leaseMs);
    if (first === null || second === null) throw new Error("both must have had it");
    await Promise.all([execute(second, world.deps), execute(first, world.deps)]);
    await settle(world, id);
    expect((await world.change(id)).status).toBe("applied");
    expect(world.flags.writes).toHaveLength(1);
    expect((await world.story(id)).filter((type) => type === "change_applied")).toHaveLength(1);
  });
});

function verifyDue({ clock }: World): Instant {
  return later(clock.now(), verifyAfterMs);
}
