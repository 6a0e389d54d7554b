import { canonicalJson, canonicalText, chainHash, firstPrevHash } from "../../domain/ledger/chain.ts";
import { wellFormed } from "../../domain/well-formed.ts";
import type { StreamWrite } from "../../pipeline/ports/storage.ts";
import type { Queryable } from "./database.ts";
import { fold, type ProjectionRow, projectionTables } from "./projections.ts";

interface Head {
  version: number;
  head_hash: string;
  state: string;
}

/**
 * Appends a stream's events and folds them into its projection, which keeps the trace that the stream began in;
 * `stale` if somebody else appended first.
 */
export async function append(
  client: Queryable,
  write: StreamWrite,
  traceparent: string | null,
  tried: (row: ProjectionRow) => void,
): Promise<"appended" | "stale"> {
  if (write.events.length === 0) throw new Error(`commit: no events for ${write.stream}`);
  const { rows } = await client.query<Head & Record<string, unknown>>(
    `select version, head_hash, state from ${projectionTables[write.kind]} where id = $1 for update`,
    [write.id],
  );
  const head = rows[0] ?? null;
  if ((head?.version ?? 0) !== write.expectedVersion) return "stale";

  const row = fold(write, head?.state ?? null);
  tried(row);
  const head_hash = await insertEvents(client, write, head?.head_hash ?? firstPrevHash);
  const isTraced = write.kind === "incident" || write.kind === "change";
  const begun = head === null && isTraced ? { traceparent } : {};
  await project(client, write, { ...row, head_hash, ...begun });
  return "appended";
}

/** Returns the hash of the last one. */
async function insertEvents(client: Queryable, write: StreamWrite, headHash: string): Promise<string> {
  const rows = { versions: [0], types: [""], ats: [""], data: [""], prevHashes: [""], hashes: [""] };
  for (const column of Object.values(rows)) column.length = 0;
  let prevHash = headHash;
  write.events.forEach((event, index) => {
    const { type, at, ...data } = wellFormed(event);
    const version = write.expectedVersion + index + 1;
    const hash = chainHash(prevHash, canonicalText({ stream: write.stream, version, type, at, data }));
    rows.versions.push(version);
    rows.types.push(type);
    rows.ats.push(at);
    rows.data.push(canonicalJson(data));
    rows.prevHashes.push(prevHash);
    rows.hashes.push(hash);
    prevHash = hash;
  });
  await client.query(
    `insert into events (stream, version, type, at, data, prev_hash, hash)
     select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
    [write.stream, rows.versions, rows.types, rows.ats, rows.data, rows.prevHashes, rows.hashes],
  );
  return prevHash;
}

/** The names of the columns are ours, from `fold`; only values come from outside. */
async function project(client: Queryable, write: StreamWrite, row: ProjectionRow): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 3}`);
  const sets = names.map((name) => `${name} = excluded.${name}`);
  await client.query(
    `insert into ${projectionTables[write.kind]} (id, version, ${names.join(", ")})
     values ($1, $2, ${places.join(", ")})
     on conflict (id) do update set version = excluded.version, ${sets.join(", ")}`,
    [write.id, write.expectedVersion + write.events.length, ...Object.values(row)],
  );
}
