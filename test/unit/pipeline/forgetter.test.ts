import { expect, test } from "vitest";
import type { Instant } from "../../../src/domain/ids.ts";
import type { PlacedChange } from "../../../src/domain/outside-change.ts";
import { createForgetter } from "../../../src/pipeline/forgetter.ts";
import { delivery } from "../../contract/storage/story-of-streams.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";

const day = 86_400_000;
const keep = {
  deliveriesMs: 30 * day,
  evidenceMs: 90 * day,
  transcriptsMs: 60 * day,
  outsideChangesMs: 45 * day,
};
const told = (at: Instant): PlacedChange => ({
  change: {
    sourceId: "github",
    id: "deploy-1",
    kind: "deploy",
    state: "succeeded",
    title: "Deploy",
    version: "1",
    author: "",
    at,
    labels: {},
    links: [],
  },
  deliveryId: delivery("github", null).id,
  service: "checkout",
  environmentName: "production",
});
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

test("what was understood a month ago is let go at a start, however much it is; the rest stays", async () => {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  const take = async (count: number) => {
    const taken = Array.from({ length: count }, () => delivery("loud", null));
    for (const each of taken) await store.inbox.accept(each);
    const settlement = { outcome: "noted" as const, what: "a ping" };
    await store.ledger.commit({ writes: [], settle: taken.map(({ id }) => ({ id, settlement })) });
  };
  await take(2500);
  clock.advance(10 * day);
  await take(3);
  await store.inbox.accept(delivery("loud", null));
  clock.advance(21 * day);
  const forgetter = createForgetter({ store, keep, log });
  await expect.poll(() => store.tables.inbox.size).toBe(4);
  await forgetter[Symbol.asyncDispose]();
});

test("a store that fails is told, and stops nothing", async () => {
  const store = createInMemoryStore({ clock: movableClock() });
  const told: string[] = [];
  const inbox = { ...store.inbox, forget: () => Promise.reject(new Error("gone")) };
  const forgetter = createForgetter({
    store: { ...store, inbox },
    keep,
    log: { ...log, warn: (_, message) => void told.push(message) },
  });
  await forgetter[Symbol.asyncDispose]();
  expect(told).toEqual(["What is old could not be let go; it will be tried again"]);
});

test("each kind of body and the changes of others go at their own time", async () => {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  await store.bodies.put({ id: "seen", kind: "evidence", text: "{}" });
  await store.bodies.put({ id: "said", kind: "transcript", text: "{}" });
  await store.ledger.commit({ writes: [], outsideChanges: [told(clock.now())] });
  const left = async () => {
    await using forgetter = createForgetter({ store, keep, log });
    await forgetter[Symbol.asyncDispose]();
    return [
      await store.bodies.get("seen"),
      await store.bodies.get("said"),
      store.tables.outsideChanges.size,
      await store.bodies.removedAt("seen"),
      await store.bodies.removedAt("said"),
    ];
  };
  clock.advance(44 * day);
  expect(await left()).toEqual(["{}", "{}", 1, null, null]);
  clock.advance(2 * day);
  expect(await left()).toEqual(["{}", "{}", 0, null, null]);
  clock.advance(15 * day);
  const said = clock.now();
  expect(await left()).toEqual(["{}", null, 0, null, said]);
  clock.advance(30 * day);
  expect(await left()).toEqual([null, null, 0, clock.now(), said]);
});
