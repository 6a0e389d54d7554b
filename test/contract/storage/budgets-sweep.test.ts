import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { budgetsOn } from "../../../src/adapters/postgres/budgets.ts";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { databaseOn } from "../../../src/adapters/postgres/database.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { availableDatabases } from "../../support/databases.ts";
import { typed } from "../../support/typed.ts";

const minute = 60_000;

describe.each(availableDatabases())("old sums on $title", ({ open }) => {
  const stack = new AsyncDisposableStack();
  const given = typed<{ pool: ReturnType<typeof createPool> }>({});
  beforeAll(async () => {
    const server = stack.use(await open());
    given.pool = createPool(await server.database(), () => undefined);
    stack.defer(() => given.pool.end());
    await migrate(given.pool);
  });
  afterAll(() => stack.disposeAsync());

  const age = (name: string, days: number) =>
    given.pool.query("insert into budgets (name, at, amount) values ($1, now() - $2 * interval '1 day', 1)", [
      name,
      days,
    ]);
  const names = async () => {
    const { rows } = await given.pool.query<{ name: string }>("select name from budgets order by name");
    return rows.map(({ name }) => name);
  };

  it("of any name are swept away by whoever takes, once an hour; what a window may ask for stays", async () => {
    let now = 0;
    const budgets = budgetsOn(databaseOn(given.pool), () => now);
    await age("gone incident", 8);
    await age("gone source", 30);
    await age("in a window", 6);
    // Sweeping is not the price of spending: who is refused sweeps as well.
    expect(await budgets.take("other", 5, 1, minute)).toBe(false);
    expect(await names()).toEqual(["in a window"]);

    await age("gone again", 8);
    now = 59 * minute;
    expect(await budgets.take("other", 1, 1, minute)).toBe(true);
    expect(await names()).toEqual(["gone again", "in a window", "other"]);
    now = 60 * minute;
    await budgets.take("other", 1, 5, minute);
    expect(await names()).toEqual(["in a window", "other"]);
  });

  it("are swept by many at once without waiting for each other, and every sum stays right", async () => {
    for (let index = 0; index < 50; index += 1) await age(`old ${index}`, 9);
    const takers = Array.from({ length: 8 }, () => budgetsOn(databaseOn(given.pool)));
    const granted = await Promise.all(takers.map((budgets) => budgets.take("shared", 1, 5, minute)));
    expect(granted.filter(Boolean)).toHaveLength(5);
    expect((await names()).filter((name) => name.startsWith("old"))).toEqual([]);
  });
});
