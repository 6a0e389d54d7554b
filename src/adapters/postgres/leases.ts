import type { Leases } from "../../pipeline/ports/storage.ts";
import type { Database } from "./database.ts";

/** `epoch` grows whenever the lease changes hands; a renewal by the same holder keeps it. */
export function leasesOn(database: Database): Leases {
  return {
    async take(name, holder, leaseMs) {
      const { rows } = await database.query<{ epoch: number }>(
        `insert into leases (name, holder, epoch, expires_at)
         values ($1, $2, 1, now() + $3 * interval '1 ms')
         on conflict (name) do update
           set holder = excluded.holder, expires_at = excluded.expires_at,
               epoch = leases.epoch + (leases.holder <> excluded.holder or leases.expires_at < now())::int
           where leases.holder = excluded.holder or leases.expires_at < now()
         returning epoch`,
        [name, holder, leaseMs],
      );
      return rows[0] ?? null;
    },
    async release(name, holder) {
      await database.query("update leases set expires_at = '-infinity' where name = $1 and holder = $2", [
        name,
        holder,
      ]);
    },
  };
}
