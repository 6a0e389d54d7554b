import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeFlag } from "../../../src/domain/flag/describe-flag.ts";
import { sameBehaviour } from "../../../src/domain/flag/flag.ts";
import type { ToolOperation } from "../../../src/domain/flag/operation.ts";
import type { Plan } from "../../../src/domain/flag/plan.ts";
import { alice, checkout, type CheckoutWorld, createCheckoutWorld } from "./checkout-world.ts";

let world: CheckoutWorld;
beforeEach(async () => {
  world = await createCheckoutWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const [one, two, three] = [0, 1, 2].map((at) => `00000000-0000-4000-8000-00000000000${at}`);
if (one === undefined || two === undefined || three === undefined) throw new Error("three ids");

const ownWrites = () => world.featbit.mutations.filter(({ actor }) => actor === "signalman-write");

describe("each operation is one write, read back, and its reverse restores the flag", () => {
  const operations: [string, string, () => ToolOperation][] = [
    ["flag.turn_off", checkout.key, () => ({ tool: "flag.turn_off" })],
    ["flag.turn_on", "other", () => ({ tool: "flag.turn_on" })],
    [
      "flag.set_rollout",
      "banner",
      () => ({
        tool: "flag.set_rollout",
        rule: null,
        shares: [
          { variationId: one, percent: 90 },
          { variationId: two, percent: 10 },
        ],
      }),
    ],
    [
      "flag.serve_variation",
      "banner",
      () => ({ tool: "flag.serve_variation", rule: null, variationId: two }),
    ],
    [
      "flag.limit_to_segment",
      "banner",
      () => ({
        tool: "flag.limit_to_segment",
        segmentId: world.internal.id,
        segmentName: world.internal.name,
        variationId: one,
        otherwiseVariationId: two,
      }),
    ],
    [
      "flag.add_targets",
      "banner",
      () => ({ tool: "flag.add_targets", variationId: two, userKeys: ["zoë", "eve"] }),
    ],
    ["flag.set_off_variation", "banner", () => ({ tool: "flag.set_off_variation", variationId: one })],
    ["flag.disable_tool", "banner", () => ({ tool: "flag.disable_tool", variationId: two })],
  ];

  test.each(operations)("%s", async (tool, key, operation) => {
    const plan = await world.plan(operation(), key);
    const outcome = await world.apply(plan, "OP-1");
    const after = await world.read(key);
    expect(outcome).toEqual({ kind: "applied", revision: after.flag.revision, chain: { kind: "intact" } });
    expect(sameBehaviour(after.flag, plan.after)).toBe(true);
    expect(ownWrites()).toHaveLength(1);
    expect(ownWrites()[0]?.comment).toBe("OP-1 asked by alice, approved by bob");

    const back = await world.plan(
      {
        tool:
          tool === "flag.turn_off"
            ? "flag.turn_on"
            : tool === "flag.turn_on"
              ? "flag.turn_off"
              : plan.operation.tool,
        restores: plan.reverse,
        because: { kind: "reverse", changeId: "CHG-0000000001" },
      },
      key,
    );
    expect(await world.apply(back)).toMatchObject({ kind: "applied", chain: { kind: "intact" } });
    expect(sameBehaviour((await world.read(key)).flag, plan.before.flag)).toBe(true);
  });

  test("flag.remove_targets", async () => {
    await world.apply(
      await world.plan({ tool: "flag.add_targets", variationId: two, userKeys: ["eve"] }, "banner"),
    );
    const plan = await world.plan(
      { tool: "flag.remove_targets", variationId: two, userKeys: ["eve"] },
      "banner",
    );
    expect(await world.apply(plan)).toMatchObject({ kind: "applied", chain: { kind: "intact" } });
  });
});

describe("stale means stop", () => {
  const moves: [string, (plan: Plan) => Promise<unknown>, RegExp][] = [
    ["toggled by a person", () => world.featbit.as(alice).toggle(checkout, false), /Flag: on → off/],
    [
      "toggled there and back",
      async () => {
        await world.featbit.as(alice).toggle(checkout, false);
        await world.featbit.as(alice).toggle(checkout, true);
      },
      /was changed at/,
    ],
    ["archived", () => world.featbit.as(alice).archive(checkout), /Archived: no → yes/],
    [
      "deleted",
      async ({ before, ref }) => {
        await world.featbit.as(alice).archive(checkout);
        await world.featbit
          .as(alice)
          .request("DELETE", `/envs/${ref.environmentId}/feature-flags/${before.flag.key}`);
      },
      /no longer there/,
    ],
  ];
  test.each(moves)("%s", async (_name, move, words) => {
    const plan = await world.plan({ tool: "flag.turn_off" });
    await move(plan);
    const outcome = await world.apply(plan);
    expect(outcome).toMatchObject({
      kind: "conflicted",
      current: expect.arrayContaining([expect.stringMatching(words)]),
    });
    expect(ownWrites()).toHaveLength(0);
  });

  test("a segment that only the planned state would use is changed", async () => {
    const plan = await world.plan(
      {
        tool: "flag.limit_to_segment",
        segmentId: world.internal.id,
        segmentName: "Internal",
        variationId: one,
        otherwiseVariationId: two,
      },
      "banner",
    );
    await world.featbit
      .as(alice)
      .retargetSegment("shop/prod", world.internal.id, { included: ["mallory"], excluded: [], rules: [] });
    const outcome = await world.apply(plan);
    expect(outcome).toMatchObject({
      kind: "conflicted",
      current: expect.arrayContaining([expect.stringMatching(/^Segment "Internal" was changed at/)]),
    });
    expect(ownWrites()).toHaveLength(0);
  });

  test("the same plan twice, at once: the second finds the flag moved", async () => {
    const plan = await world.plan({ tool: "flag.turn_off" });
    const outcomes = await Promise.all([world.apply(plan), world.apply(plan)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["applied", "conflicted"]);
    expect(ownWrites()).toHaveLength(1);
  });

  test("a lost lease writes nothing, and is asked for after reading", async () => {
    const plan = await world.plan({ tool: "flag.turn_off" });
    const asked: string[] = [];
    const outcome = await world.writer.apply({
      plan,
      operationId: "OP-1",
      comment: "",
      stillOurs: async () => {
        asked.push(world.featbit.requests.at(-1)?.method ?? "");
        return false;
      },
    });
    expect(outcome).toEqual({ kind: "lease_lost" });
    expect(asked).toEqual(["GET"]);
    expect(ownWrites()).toHaveLength(0);
  });

  test("moved between our reading and our write: 409 is a conflict, with the flag as it is now", async () => {
    const plan = await world.plan({ tool: "flag.serve_variation", rule: null, variationId: two }, "banner");
    const outcome = await world.writer.apply({
      plan,
      operationId: "OP-1",
      comment: "",
      stillOurs: async () => {
        await world.featbit.as(alice).toggle({ env: "shop/prod", key: "banner" }, false);
        return true;
      },
    });
    const { flag, segments } = await world.read("banner");
    expect(outcome).toMatchObject({
      kind: "conflicted",
      current: expect.arrayContaining(describeFlag(flag, segments)),
    });
    expect(ownWrites()).toHaveLength(0);
  });
});

const between = async (change: () => Promise<unknown>) => {
  const plan = await world.plan({ tool: "flag.turn_off" });
  return world.writer.apply({
    plan,
    operationId: "OP-1",
    comment: "c",
    stillOurs: async () => {
      await change();
      return true;
    },
  });
};

describe("toggles, which FeatBit checks against nothing", () => {
  test("switched by somebody else in between: nothing of ours is written, and that is what is said", async () => {
    const outcome = await between(() => world.featbit.as(alice).toggle(checkout, false));
    expect(outcome).toMatchObject({
      kind: "conflicted",
      current: expect.arrayContaining(["Flag: on → off, everyone gets Off"]),
    });
    expect(ownWrites()).toHaveLength(0);
  });

  test("another change in between stays, but ours was not made on what was approved", async () => {
    const { flag } = await world.read();
    const off = flag.variations[1]?.id ?? "";
    const outcome = await between(() =>
      world.featbit.as(alice).retarget(checkout, { targetUsers: [{ keyIds: ["eve"], variationId: off }] }),
    );
    expect(outcome).toMatchObject({
      kind: "applied",
      chain: {
        kind: "broken",
        by: "Alice",
        lost: [
          "Nothing was lost, but this change came between approval and our write, so our write was made on it:",
          "Individual targets of Off: +1 (eve)",
        ],
        restore: null,
      },
    });
  });
});

test("comments: the operation id first, at most 512 code points, no NUL, no half pairs", async () => {
  for (const [at, comment] of [
    "x".repeat(2_000),
    "🦊".repeat(600),
    "a\0b",
    "\ud800",
    "two\nlines <b>",
  ].entries()) {
    const plan = await world.plan(at % 2 === 0 ? { tool: "flag.turn_off" } : { tool: "flag.turn_on" });
    const outcome = await world.writer.apply({
      plan,
      operationId: `OP-${at}`,
      comment,
      stillOurs: async () => true,
    });
    expect(outcome).toMatchObject({ kind: "applied", chain: { kind: "intact" } });
    const written = ownWrites().at(-1);
    expect(written?.audited).toBe(true);
    expect(written?.comment.startsWith(`OP-${at}`)).toBe(true);
    expect(Array.from(written?.comment ?? "").length).toBeLessThanOrEqual(512);
  }
});

test("a poisoned audit log does not hide our entry", async () => {
  const { ref } = await world.read();
  const path = `/envs/${ref.environmentId}/feature-flags/${checkout.key}/description`;
  await world.featbit.as(alice).request("PUT", path, { description: null });
  const plan = await world.plan({ tool: "flag.turn_off" });
  expect(await world.apply(plan)).toMatchObject({ kind: "applied", chain: { kind: "intact" } });
});
