import { afterEach, beforeEach, expect, test } from "vitest";
import { createFeatBitReader } from "../../../src/adapters/featbit/featbit-reader.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { createCannedServer } from "./canned-server.ts";
import { alice, type CheckoutWorld, createCheckoutWorld, keys } from "./checkout-world.ts";

let world: CheckoutWorld;
beforeEach(async () => {
  world = await createCheckoutWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const ago = (ms: number) => toInstant(Date.now() - ms);

test("the history of segments: both sides, author and comment, in the window, newest first", async () => {
  const from = ago(60_000);
  const { id, rules } = world.internal;
  const person = world.featbit.as(alice);
  await person.retargetSegment(
    "shop/prod",
    id,
    { included: ["ann", "bob", "cleo"], excluded: [], rules },
    "let Cleo in",
  );
  await person.retargetSegment("shop/prod", id, { included: ["cleo"], excluded: ["ann"], rules });
  const entries = await world.reader.segmentHistory(keys, from, ago(-1000), 100);
  const changes = entries.filter(({ before }) => before !== null);
  expect(changes.map(({ before, after }) => [before?.included, after?.included])).toEqual([
    [["ann", "bob", "cleo"], ["cleo"]],
    [
      ["ann", "bob"],
      ["ann", "bob", "cleo"],
    ],
  ]);
  expect(changes[1]).toMatchObject({ comment: "let Cleo in", author: { name: "Alice", email: alice } });
  expect(changes[0]?.after?.excluded).toEqual(["ann"]);
  expect(await world.reader.segmentHistory(keys, from, ago(-1000), 1)).toHaveLength(1);
  expect(await world.reader.segmentHistory(keys, ago(120_000), from, 10)).toEqual([]);
  expect(await world.reader.history(keys, from, ago(-1000), 100)).not.toContainEqual(
    expect.objectContaining({ auditId: changes[0]?.auditId }),
  );
});

test("without a licence nothing waits to be applied", async () => {
  const { ref } = await world.read();
  expect(await world.reader.pendingChanges(ref)).toEqual([]);
});

test("schedules and change requests are told apart, whatever is null in them", async () => {
  await using server = await createCannedServer();
  const common = { id: "1", flagId: "2", dataChange: { previous: "{}", current: "{}" }, instructions: [] };
  const data = [
    {
      ...common,
      type: "Schedule",
      status: "PendingExecution",
      scheduleTitle: "To everyone",
      scheduledTime: "2026-06-18T08:00:00Z",
      changeRequestReason: null,
    },
    {
      ...common,
      type: "ChangeRequest",
      status: "PendingReview",
      scheduleTitle: null,
      scheduledTime: null,
      changeRequestReason: "Because",
    },
  ];
  server.next.push({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ success: true, errors: [], data }),
  });
  const reader = createFeatBitReader({ apiUrl: server.url, token: "api-x" });
  const { ref } = await world.read();
  expect(await reader.pendingChanges(ref)).toEqual([
    {
      kind: "schedule",
      status: "PendingExecution",
      title: "To everyone",
      dueAt: "2026-06-18T08:00:00.000Z",
    },
    { kind: "change_request", status: "PendingReview", title: "Because", dueAt: null },
  ]);
  expect(server.asked[0]?.path).toBe(
    `/api/v1/envs/${ref.environmentId}/feature-flags/${ref.key}/pending-changes`,
  );
});
