import { wellFormed } from "../../domain/well-formed.ts";
import { ChangeState, evolveChange } from "../../domain/change/change.ts";
import { evolveIncident, IncidentState } from "../../domain/incident/incident.ts";
import { canonicalJson, canonicalText, chainHash, firstPrevHash } from "../../domain/ledger/chain.ts";
import type { StreamWrite } from "../../pipeline/ports/storage.ts";
import type { Queryable } from "./database.ts";
import { storable } from "./storable.ts";

/** The columns beside a projection's state. */
export type Appended =
  | { kind: "incident"; status: string; groupKey: string; service: string | null }
  | {
      kind: "change";
      status: string;
      incidentId: string;
      environmentId: string;
      flagKey: string;
      reviewAt: string | null;
    };

interface Head {
  version: number;
  head_hash: string;
  state: string;
}

/** Appends a stream's events and folds them into its projection; `stale` if somebody else appended first. */
export async function append(
  client: Queryable,
  write: StreamWrite,
  tried: (appended: Appended) => void,
): Promise<"appended" | "stale"> {
  if (write.events.length === 0) throw new Error(`commit: no events for ${write.stream}`);
  const table = write.kind === "incident" ? "incidents" : "changes";
  const { rows } = await client.query<Head & Record<string, unknown>>(
    `select version, head_hash, state from ${table} where id = $1 for update`,
    [write.id],
  );
  const head = rows[0] ?? null;
  if ((head?.version ?? 0) !== write.expectedVersion) return "stale";

  const folded = fold(write, head);
  tried(folded.columns);
  const headHash = await insertEvents(client, write, head?.head_hash ?? firstPrevHash);
  const version = write.expectedVersion + write.events.length;
  await project(client, write.id, version, headHash, folded);
  return "appended";
}

interface Folded {
  state: string;
  columns: Appended;
}

function fold(write: StreamWrite, head: Head | null): Folded {
  const before: unknown = head === null ? null : JSON.parse(head.state);
  if (write.kind === "incident") {
    let state = IncidentState.nullable().parse(before);
    for (const event of write.events) state = evolveIncident(write.id, state, wellFormed(event));
    const after = IncidentState.parse(state);
    const { status, groupKey, scope } = after;
    const service = scope === null ? null : storable(scope.service);
    return {
      state: JSON.stringify(after),
      columns: { kind: "incident", status, groupKey: storable(groupKey), service },
    };
  }
  let state = ChangeState.nullable().parse(before);
  for (const event of write.events) state = evolveChange(write.id, state, wellFormed(event));
  const after = ChangeState.parse(state);
  const { status, incidentId, proposal, closure } = after;
  const { environmentId, key } = proposal.plan.ref;
  return {
    state: JSON.stringify(after),
    columns: {
      kind: "change",
      status,
      incidentId,
      environmentId: storable(environmentId),
      flagKey: storable(key),
      reviewAt: closure?.reviewAt ?? null,
    },
  };
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

async function project(
  client: Queryable,
  id: string,
  version: number,
  headHash: string,
  { state, columns }: Folded,
): Promise<void> {
  if (columns.kind === "incident") {
    const { status, groupKey, service } = columns;
    await client.query(
      `insert into incidents (id, version, head_hash, status, group_key, service, state)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (id) do update set version = excluded.version, head_hash = excluded.head_hash,
         status = excluded.status, group_key = excluded.group_key, service = excluded.service, state = excluded.state`,
      [id, version, headHash, status, groupKey, service, state],
    );
    return;
  }
  const { status, incidentId, environmentId, flagKey, reviewAt } = columns;
  await client.query(
    `insert into changes (id, version, head_hash, status, incident_id, environment_id, flag_key, review_at, state)
     values ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9)
     on conflict (id) do update set version = excluded.version, head_hash = excluded.head_hash,
       status = excluded.status, incident_id = excluded.incident_id, environment_id = excluded.environment_id,
       flag_key = excluded.flag_key, review_at = excluded.review_at, state = excluded.state`,
    [id, version, headHash, status, incidentId, environmentId, flagKey, reviewAt, state],
  );
}
