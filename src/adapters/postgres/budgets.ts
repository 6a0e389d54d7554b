import type { Budgets } from "../../pipeline/ports/storage.ts";
import type { Database, Queryable } from "./database.ts";
import { storable } from "./storable.ts";

/** Longer than any window that may be asked for: older rows are of no use to any name. */
const keptMs = 7 * 86_400_000;
const sweepEveryMs = 3_600_000;
const mostSwept = 50_000;

/** `clock` is monotonic, milliseconds. */
export function budgetsOn(database: Database, clock: () => number = () => performance.now()): Budgets {
  let sweptAt = -Infinity;
  /** Names are of incidents and sources that are long gone: nobody takes under them again, so whoever takes sweeps. */
  async function sweepNowAndThen(client: Queryable): Promise<void> {
    if (clock() - sweptAt < sweepEveryMs) return;
    sweptAt = clock();
    await client.query(
      `delete from budgets where ctid = any(array(
         select ctid from budgets where at < clock_timestamp() - $1 * interval '1 ms'
         limit $2 for update skip locked))`,
      [keptMs, mostSwept],
    );
  }

  return {
    // The lock makes takers of one name wait for each other, so that each sees what the one before has spent.
    take: (name, amount, limit, windowMs) =>
      database.transaction(async (client) => {
        await client.query("select pg_advisory_xact_lock(hashtext('signalman.budget'), hashtext($1))", [
          storable(name),
        ]);
        await sweepNowAndThen(client);
        const fits = (await spent(client, name, windowMs)) + amount <= limit;
        if (fits) await spend(client, name, amount);
        return { keep: true, result: fits };
      }),
    add: (name, amount) => spend(database, name, amount),
    spent: (name, windowMs) => spent(database, name, windowMs),
  };
}

async function spend(client: Queryable, name: string, amount: number): Promise<void> {
  await client.query(
    `insert into budgets (name, at, amount) values ($1, date_trunc('second', clock_timestamp()), $2)
     on conflict (name, at) do update set amount = budgets.amount + excluded.amount`,
    [storable(name), amount],
  );
}

/** A second counts for as long as any part of it lies in the window. */
async function spent(client: Queryable, name: string, windowMs: number): Promise<number> {
  const { rows } = await client.query<{ spent: number }>(
    `select coalesce(sum(amount), 0)::float8 as spent from budgets
     where name = $1 and at > clock_timestamp() - $2 * interval '1 ms' - interval '1 second'`,
    [storable(name), windowMs],
  );
  return rows[0]?.spent ?? 0;
}
