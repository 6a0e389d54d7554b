import { PlacedChange } from "../../domain/outside-change.ts";
import type { OutsideChanges } from "../../pipeline/ports/storage.ts";
import type { Database, Queryable } from "./database.ts";
import { storable } from "./storable.ts";

export function outsideChangesOn(database: Database): OutsideChanges {
  return {
    async between({ service, environmentName, from, to, limit }) {
      const { rows } = await database.query<{ placed: string }>(
        `select placed from outside_changes
         where service is not distinct from $1 and at between $2::timestamptz and $3::timestamptz
           and ($4::text is null or environment_name is null or environment_name = $4)
         order by at desc, source_id, change_id limit $5`,
        [
          service === null ? null : storable(service),
          from,
          to,
          environmentName === null ? null : storable(environmentName),
          limit,
        ],
      );
      return rows.map((row) => PlacedChange.parse(JSON.parse(row.placed)));
    },
    async forget(olderThanMs, limit) {
      const { rowCount } = await database.query(
        `delete from outside_changes where (source_id, change_id) in (
           select source_id, change_id from outside_changes where at < now() - $1 * interval '1 ms'
           order by at limit $2 for update skip locked)`,
        [olderThanMs, limit],
      );
      return rowCount ?? 0;
    },
  };
}

/** The same id again is the same change in its newest state; what comes late must not take it back. */
export async function putOutsideChanges(client: Queryable, placed: readonly PlacedChange[]): Promise<void> {
  if (placed.length === 0) return;
  const newest = new Map<string, PlacedChange>();
  for (const each of placed) {
    const key = JSON.stringify([storable(each.change.sourceId), storable(each.change.id)]);
    const other = newest.get(key);
    if (other === undefined || each.change.at >= other.change.at) newest.set(key, each);
  }
  // In one order, so that two commits that share rows wait for each other instead of crossing.
  const rows = [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  await client.query(
    `insert into outside_changes (source_id, change_id, at, service, environment_name, placed)
     select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
     on conflict (source_id, change_id) do update
       set at = excluded.at, service = excluded.service, environment_name = excluded.environment_name,
           placed = excluded.placed
       where outside_changes.at <= excluded.at`,
    [
      rows.map(({ change }) => storable(change.sourceId)),
      rows.map(({ change }) => storable(change.id)),
      rows.map(({ change }) => change.at),
      rows.map(({ service }) => (service === null ? null : storable(service))),
      rows.map(({ environmentName }) => (environmentName === null ? null : storable(environmentName))),
      rows.map((each) => JSON.stringify(each)),
    ],
  );
}
