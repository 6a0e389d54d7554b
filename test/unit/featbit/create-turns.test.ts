import { expect, test } from "vitest";
import { createTurns } from "../../../src/adapters/featbit/create-turns.ts";

test("one at a time per key, in order, past failures; other keys are not held up", async () => {
  const inTurn = createTurns();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const work = (name: string, until?: Promise<void>) => async () => {
    seen.push(`${name} begins`);
    await until;
    seen.push(`${name} ends`);
    if (name === "a1") throw new Error(name);
    return name;
  };
  const a1 = inTurn("a", work("a1", first.promise));
  const a2 = inTurn("a", work("a2"));
  const a3 = inTurn("a", work("a3"));
  expect(await inTurn("b", work("b"))).toBe("b");
  first.resolve();
  await expect(a1).rejects.toThrow("a1");
  expect(await Promise.all([a2, a3])).toEqual(["a2", "a3"]);
  const order = [
    "a1 begins",
    "b begins",
    "b ends",
    "a1 ends",
    "a2 begins",
    "a2 ends",
    "a3 begins",
    "a3 ends",
  ];
  expect(seen).toEqual(order);
});
