import { z } from "zod";
import { AuthorityState } from "../../domain/authority/authority.ts";
import { ChangeState } from "../../domain/change/change.ts";
import { IncidentState } from "../../domain/incident/incident.ts";
import { LedgerEntry, type StoredEntry } from "../../domain/ledger/chain.ts";
import { MuteState } from "../../domain/mute/mute.ts";
import { NoticeState } from "../../domain/notice/notice.ts";
import { StandingState } from "../../domain/standing/standing.ts";
import type { Commit, CommitResult, Ledger, Loaded } from "../../pipeline/ports/storage.ts";
import type { Database } from "./database.ts";
import { projectionTables } from "./projections.ts";
import { reviewReadsOn } from "./review-reads.ts";
import { storable } from "./storable.ts";

/** The reading half of the ledger; `commit` is the one function that writes. */
export function ledgerOn(database: Database, commit: (commit: Commit) => Promise<CommitResult>): Ledger {
  async function read<State>(schema: z.ZodType<State>, table: string, rest: string, values: unknown[]) {
    const { rows } = await database.query(`select state, version from ${table} ${rest}`, values);
    return rows.map((row): Loaded<State> => {
      const { state, version } = ProjectionRow.parse(row);
      return { state: schema.parse(JSON.parse(state)), version };
    });
  }
  const incidents = (rest: string, values: unknown[]) => read(IncidentState, "incidents", rest, values);
  const mutes = (rest: string, values: unknown[]) => read(MuteState, "mutes", rest, values);
  const authorities = (rest: string, values: unknown[]) => read(AuthorityState, "authorities", rest, values);
  const standings = (rest: string, values: unknown[]) => read(StandingState, "standings", rest, values);
  const changes = (rest: string, values: unknown[]) => read(ChangeState, "changes", rest, values);
  const entries = async (rest: string, values: unknown[]) =>
    (await database.query(`select ${columns} from events ${rest}`, values)).rows.map(toEntry);

  return {
    commit,
    ...reviewReadsOn(database),
    incident: async (id) => (await incidents("where id = $1", [id]))[0] ?? null,
    change: async (id) => (await changes("where id = $1", [id]))[0] ?? null,
    openIncidentByGroup: async (groupKey) =>
      (await incidents("where group_key = $1 and status <> 'closed'", [storable(groupKey)]))[0] ?? null,
    openChangeFor: async (environmentId, flagKey) =>
      (
        await changes(`where environment_id = $1 and flag_key = $2 and ${openChange}`, [
          storable(environmentId),
          storable(flagKey),
        ])
      )[0] ?? null,
    changesOfIncident: (id) => changes("where incident_id = $1 order by seq", [id]),
    incidents: ({ open, service, limit }) =>
      incidents(
        `where ($1::boolean is null or (status = 'open') = $1) and ($2::text is null or service = $2)
         order by seq desc limit $3`,
        [open ?? null, service === undefined ? null : storable(service), limit],
      ),
    async openIncidentCount(groupKeyPrefix) {
      const { rows } = await database.query<{ n: number }>(
        "select count(*)::int as n from incidents where status = 'open' and group_key like $1",
        [`${storable(groupKeyPrefix).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`],
      );
      return rows[0]?.n ?? 0;
    },
    async traceOf(kind, id) {
      const { rows } = await database.query<{ traceparent: string; age_ms: string }>(
        `select traceparent, extract(epoch from now() - traced_at) * 1000 as age_ms from ${projectionTables[kind]}
         where id = $1 and traceparent is not null`,
        [id],
      );
      return rows[0] === undefined
        ? null
        : { traceparent: rows[0].traceparent, ageMs: Number(rows[0].age_ms) };
    },
    muteOf: async (service) => (await mutes("where id = $1", [storable(service)]))[0] ?? null,
    mutes: () => mutes("order by id", []),
    authorityOf: async (scope) => (await authorities("where id = $1", [storable(scope)]))[0] ?? null,
    authorities: () => authorities("order by id", []),
    standing: async (id) => (await standings("where id = $1", [id]))[0] ?? null,
    standings: (now, of) =>
      standings(
        `where status <> 'revoked' and until > $1 and ($2::text is null or (environment_id = $2 and flag_key = $3))
         order by seq desc`,
        [
          now,
          of === undefined ? null : storable(of.environmentId),
          of === undefined ? null : storable(of.flagKey),
        ],
      ),
    noticeOf: async (subject) =>
      (await read(NoticeState, "notices", "where id = $1", [storable(subject)]))[0] ?? null,
    changes: ({ statuses, flagKey, reviewBefore, order, limit }) =>
      changes(
        `where ($1::text[] is null or status = any($1)) and ($2::text is null or flag_key = $2)
           and ($3::timestamptz is null or (status = 'closed' and review_at < $3))
         order by seq ${order === "oldest_first" ? "asc" : "desc"} limit $4`,
        [statuses ?? null, flagKey === undefined ? null : storable(flagKey), reviewBefore ?? null, limit],
      ),
    events: async (stream, { types, limit } = {}) => {
      const newestFirst = await entries(
        "where stream = $1 and ($2::text[] is null or type = any($2)) order by version desc limit $3",
        [stream, types ?? null, limit ?? null],
      );
      return newestFirst.toReversed();
    },
    entries: (fromPosition, limit) =>
      entries("where position >= $1 order by position limit $2", [fromPosition, limit]),
    async stored(fromPosition, limit) {
      const { rows } = await database.query<StoredRow>(
        `select ${columns} from events where position >= $1 order by position limit $2`,
        [fromPosition, limit],
      );
      return rows.map(toStored);
    },
    async size() {
      const { rows } = await database.query<{ n: string }>(
        "select coalesce(max(position), -1) + 1 as n from events where position is not null",
      );
      return Number(rows[0]?.n ?? 0);
    },
    // The lock, not the lease, is what keeps positions free of gaps should two sequencers ever run at once.
    sequence: (limit) =>
      database.transaction(async (client) => {
        await client.query("select pg_advisory_xact_lock(hashtext('signalman.sequence'))");
        const { rowCount } = await client.query(
          `with pending as (
             select seq, stream, version from events where position is null order by seq limit $1),
           numbered as (
             select stream, version,
               (select coalesce(max(position), -1) from events where position is not null)
                 + row_number() over (order by seq) as position
             from pending)
           update events set position = numbered.position from numbered
           where events.stream = numbered.stream and events.version = numbered.version`,
          [limit],
        );
        return { keep: true, result: rowCount ?? 0 };
      }),
    async unsequenced() {
      const { rows } = await database.query<{ n: number }>(
        "select count(*)::int as n from events where position is null",
      );
      return rows[0]?.n ?? 0;
    },
  };
}

/** The same words as the unique index in the migrations. */
export const openChange = "status in ('awaiting_approval', 'approved', 'executing', 'needs_human')";

const columns = "stream, version, position, type, at, data, prev_hash, hash";

interface StoredRow extends Omit<StoredEntry, "position" | "prevHash"> {
  position: string | null;
  prev_hash: string;
  // What a row of the driver may be.
  [column: string]: unknown;
}

function toStored({
  position,
  prev_hash: prevHash,
  stream,
  version,
  type,
  at,
  data,
  hash,
}: StoredRow): StoredEntry {
  return {
    stream,
    version,
    position: position === null ? null : Number(position),
    type,
    at,
    data,
    prevHash,
    hash,
  };
}

const ProjectionRow = z.object({ state: z.string(), version: z.int() });

const EventRow = z.object({
  stream: z.string(),
  version: z.int(),
  position: z.string().nullable(),
  type: z.string(),
  at: z.string(),
  data: z.string(),
  prev_hash: z.string(),
  hash: z.string(),
});

function toEntry(row: unknown): LedgerEntry {
  const { position, data, prev_hash: prevHash, ...rest } = EventRow.parse(row);
  return LedgerEntry.parse({
    ...rest,
    position: position === null ? null : Number(position),
    data: JSON.parse(data) as unknown,
    prevHash,
  });
}
