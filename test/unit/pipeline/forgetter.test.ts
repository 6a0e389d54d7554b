import { expect, test } from "vitest";
import { createForgetter } from "../../../src/pipeline/forgetter.ts";
import { delivery } from "../../contract/storage/story-of-streams.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";

const day = 86_400_000;
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
  const forgetter = createForgetter({ store, log });
  await expect.poll(() => store.tables.inbox.size).toBe(4);
  await forgetter[Symbol.asyncDispose]();
});

test("a store that fails is told, and stops nothing", async () => {
  const store = createInMemoryStore({ clock: movableClock() });
  const told: string[] = [];
  const inbox = { ...store.inbox, forget: () => Promise.reject(new Error("gone")) };
  const forgetter = createForgetter({
    store: { inbox },
    log: { ...log, warn: (_, message) => void told.push(message) },
  });
  await forgetter[Symbol.asyncDispose]();
  expect(told).toEqual(["Old deliveries could not be let go; it will be tried again"]);
});
