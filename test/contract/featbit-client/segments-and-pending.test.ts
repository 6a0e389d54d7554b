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

test("who edited a flag: people, tokens and Signalman's own writes, newest first, and none of another flag", async () => {
  const { ref, flag } = await world.read();
  const from = ago(60_000);
  const before = (await world.reader.edits(ref, flag.id, from, 100)).length;
  await world.featbit.as(alice).toggle({ env: "shop/prod", key: ref.key }, false, "off");
  await world.featbit.as("signalman-read").toggle({ env: "shop/prod", key: ref.key }, true, "on");
  const edits = await world.reader.edits(ref, flag.id, from, 100);
  expect(edits.slice(0, edits.length - before)).toMatchObject([
    { author: { name: "signalman-read (access token)", email: null }, comment: "on" },
    { author: { name: "Alice", email: alice }, comment: "off" },
  ]);
  const now = (await world.read()).flag.revision;
  expect(edits[0]?.made).toBe(now);
  expect(edits[1]?.made).not.toBe(now);
  expect(await world.reader.edits(ref, flag.id, from, 1)).toHaveLength(1);
  expect(await world.reader.edits(ref, flag.id, ago(-1000), 10)).toEqual([]);
  expect(await world.reader.edits(ref, "00000000-0000-4000-8000-0000000000ff", from, 10)).toEqual([]);
});

test("an edit of a segment stands in the log of a flag that uses it, and made no revision of the flag", async () => {
  const { id, name, rules } = world.internal;
  const [one, other] = (await world.read()).flag.variations;
  const limit = {
    tool: "flag.limit_to_segment" as const,
    segmentId: id,
    segmentName: name,
    variationId: one?.id ?? "",
    otherwiseVariationId: other?.id ?? "",
  };
  await world.apply(await world.plan(limit), "op-1");
  const { ref, flag } = await world.read();
  const said = { included: ["zoe"], excluded: [], rules };
  await world.featbit.as(alice).retargetSegment("shop/prod", id, said, "let Zoe in");
  const [newest, own] = await world.reader.edits(ref, flag.id, ago(60_000), 10);
  expect(newest).toMatchObject({ comment: expect.stringContaining("segment"), made: null });
  expect(own).toMatchObject({ comment: expect.stringContaining("op-1"), made: flag.revision });
});

test("an entry that FeatBit itself cannot show is an editor whom nobody knows", async () => {
  const { ref, flag } = await world.read();
  const path = `/envs/${ref.environmentId}/feature-flags/${ref.key}/description`;
  await world.featbit.as(alice).request("PUT", path, { description: null });
  const [newest] = await world.reader.edits(ref, flag.id, ago(60_000), 10);
  expect(newest).toMatchObject({ author: null });
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
