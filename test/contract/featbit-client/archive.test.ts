import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sameBehaviour } from "../../../src/domain/flag/flag.ts";
import type { Operation } from "../../../src/domain/flag/operation.ts";
import type { Plan } from "../../../src/domain/flag/plan.ts";
import type { FlagWriter } from "../../../src/pipeline/ports/flag-platform.ts";
import type { Fault } from "../../../src/sandbox/featbit/faults.ts";
import { alice, checkout, type CheckoutWorld, createCheckoutWorld } from "./checkout-world.ts";

// `new-checkout` serves one variation to everyone, so it may be archived.

let world: CheckoutWorld;
beforeEach(async () => {
  world = await createCheckoutWorld({ timeoutMs: 300 });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const archiving: Operation = { tool: "flag.archive" };
const restoring = ({ reverse }: Plan): Operation => ({
  tool: "flag.archive",
  restores: reverse,
  because: { kind: "reverse", changeId: "CHG-0000000001" },
});
const apply = (
  plan: Plan,
  operationId = "OP-1",
  writer: FlagWriter = world.archivist,
  first = async () => {},
) =>
  writer.apply({
    plan,
    operationId,
    comment: "asked by alice",
    stillOurs: async () => {
      await first();
      return true;
    },
  });
const writes = () => world.featbit.mutations.filter(({ actor }) => actor?.startsWith("signalman"));
const puts = () => world.featbit.requests.filter(({ method }) => method === "PUT");

test("archived, read back with its entry in the log, and restored as it was", async () => {
  const plan = await world.plan(archiving);
  const outcome = await apply(plan);
  const archived = await world.read();
  expect(outcome).toEqual({ kind: "applied", revision: archived.flag.revision, chain: { kind: "intact" } });
  expect(archived.flag.isArchived).toBe(true);
  expect(writes().map(({ comment }) => comment)).toEqual(["OP-1 asked by alice"]);
  expect(puts().at(-1)?.path).toMatch(/\/feature-flags\/new-checkout\/archive$/);
  expect(
    await world.reader.list({ project: "shop", environment: "prod" }, { keys: [checkout.key], tags: [] }),
  ).toEqual([]);

  const back = await world.plan(restoring(plan));
  expect(await apply(back, "OP-2")).toMatchObject({ kind: "applied", chain: { kind: "intact" } });
  expect(puts().at(-1)?.path).toMatch(/\/feature-flags\/new-checkout\/restore$/);
  expect(sameBehaviour((await world.read()).flag, plan.before.flag)).toBe(true);
});

test("a token without the right: failed, with the right, where it is granted and to whom; nothing is written", async () => {
  const plan = await world.plan(archiving);
  const outcome = await apply(plan, "OP-1", world.writer);
  expect(outcome).toEqual({
    kind: "failed",
    reason: expect.stringMatching(/^FeatBit does not let this token do that/),
  });
  expect(outcome).toMatchObject({
    reason: expect.stringContaining(
      "grant ArchiveFlag (a right of its own, and RestoreFlag with it to undo) on project/shop:env/prod:flag/* to the token in FEATBIT_WRITE_TOKEN. Nothing was written.",
    ),
  });
  expect(writes()).toEqual([]);

  await apply(plan);
  const back = await world.plan(restoring(plan));
  expect(await apply(back, "OP-2", world.writer)).toMatchObject({
    kind: "failed",
    reason: expect.stringContaining("grant RestoreFlag (a right of its own) on project/shop:env/prod:flag/*"),
  });
  expect((await world.read()).flag.isArchived).toBe(true);
});

describe("FeatBit checks it against nothing", () => {
  test("archived by somebody else in between: its yes was not for us", async () => {
    const plan = await world.plan(archiving);
    const outcome = await apply(plan, "OP-1", world.archivist, async () => {
      await world.featbit.as(alice).archive(checkout);
    });
    expect(outcome).toMatchObject({
      kind: "conflicted",
      current: expect.arrayContaining([expect.stringMatching(/^Archived: no → yes/)]),
    });
    expect(puts().map(({ path }) => path.split("/").at(-1))).toEqual(["archive"]);
    expect(writes()).toEqual([]);
  });

  test("archived and restored by somebody else in between: ours was written, on another ground", async () => {
    const plan = await world.plan(archiving);
    const outcome = await apply(plan, "OP-1", world.archivist, async () => {
      await world.featbit.as(alice).archive(checkout);
      await world.featbit.as(alice).restore(checkout);
    });
    expect(outcome).toMatchObject({ kind: "applied", chain: { kind: "broken", by: "Alice", restore: null } });
  });

  test("somebody turned it off in between: archived, and that it was made on another state is said", async () => {
    const plan = await world.plan(archiving);
    const outcome = await apply(plan, "OP-1", world.archivist, async () => {
      await world.featbit.as(alice).toggle(checkout, false);
    });
    expect(outcome).toMatchObject({
      kind: "applied",
      chain: { kind: "broken", lost: expect.arrayContaining([expect.stringMatching(/^Flag: on → off/)]) },
    });
  });
});

describe("an uncertain archiving is read back, never guessed", () => {
  const faults: [string, Fault["does"]][] = [
    ["connection cut", { kind: "drop" }],
    ["no answer", { kind: "hang" }],
    ["500", { kind: "status", status: 500 }],
    [
      "a 200 that does not say yes",
      {
        kind: "status",
        status: 200,
        body: JSON.stringify({ success: true, errors: [], data: false }),
      },
    ],
  ];
  test.each(faults)("%s", async (_name, does) => {
    const plan = await world.plan(archiving);
    world.featbit.inject({ server: "api", method: "PUT", when: "before", does });
    expect(await apply(plan)).toMatchObject({ kind: "unknown" });
    expect(await world.archivist.reconcile(plan, "OP-1")).toEqual({ kind: "not_applied" });

    world.featbit.inject({ server: "api", method: "PUT", when: "after", does });
    expect(await apply(plan, "OP-2")).toMatchObject({ kind: "unknown" });
    const { revision } = (await world.read()).flag;
    const found = { kind: "applied", revision, chain: { kind: "intact" } };
    expect(await world.archivist.reconcile(plan, "OP-2")).toEqual(found);
    // The same operation once more: its own entry is found, nothing is sent.
    const sent = puts().length;
    expect(await apply(plan, "OP-2")).toEqual(found);
    expect(puts()).toHaveLength(sent);
  });

  test("its yes alone proves nothing: unknown until the log can be read", async () => {
    const plan = await world.plan(archiving);
    const undo = world.featbit.inject({
      path: "/audit-logs",
      times: 100,
      does: { kind: "status", status: 500 },
    });
    expect(await apply(plan)).toMatchObject({ kind: "unknown" });
    undo();
    expect(await world.archivist.reconcile(plan, "OP-1")).toMatchObject({
      kind: "applied",
      chain: { kind: "intact" },
    });
  });
});
