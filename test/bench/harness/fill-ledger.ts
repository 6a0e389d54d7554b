import type { Pool } from "pg";
import { fold, projectionTables } from "../../../src/adapters/postgres/projections.ts";
import { type ChangeState, evolveChange } from "../../../src/domain/change/change.ts";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import type { ChangeEvent } from "../../../src/domain/change/events.ts";
import { ChangeId, IncidentId, toInstant } from "../../../src/domain/ids.ts";
import { canonicalJson, chainHash, firstPrevHash, storedText } from "../../../src/domain/ledger/chain.ts";
import { changeWrite, incidentWrite } from "../../../src/pipeline/stream-writes.ts";
import type { StreamWrite } from "../../../src/pipeline/ports/storage.ts";
import { acknowledged, opened } from "../../contract/storage/story-of-streams.ts";
import {
  changeId,
  decisions,
  incidentId,
  propose,
  proposalFor,
  voteCommand,
} from "../../support/change-fixtures.ts";

/** Entries of one incident with its change. */
export const entriesEach = 10;
const storiesAtOnce = 250;
const flagKey = "bench-0000000000";

/** One stream as it lies in the database, of which all others are copies under other ids and hashes. */
interface Template {
  write: StreamWrite;
  events: { type: string; at: string; data: string }[];
  row: Record<string, string | null>;
}

/**
 * Fills an empty ledger with incidents and closed changes as the real core writes them, positions and projections
 * included: by hand in bulk, because one commit after the other a million entries would take hours.
 */
export async function fillLedger(pool: Pool, entries: number): Promise<void> {
  const templates = [templateOf(incidentWrite(incidentId, 0, incidentEvents())), closed(changeEvents())];
  const stories = Math.ceil(entries / entriesEach);
  for (let from = 0; from < stories; from += storiesAtOnce) {
    await insert(pool, templates, from, Math.min(stories, from + storiesAtOnce));
  }
  await pool.query("analyze events, incidents, changes");
}

function incidentEvents() {
  return [opened("group 0000000001"), ...["Ruth", "Rita", "Olga", "Omar"].map((name) => acknowledged(name))];
}

function changeEvents(): ChangeEvent[] {
  const proposal = proposalFor({ tool: "flag.turn_off" }, undefined);
  const keyed = { ...proposal, plan: { ...proposal.plan, ref: { ...proposal.plan.ref, key: flagKey } } };
  let state: ChangeState | null = null;
  const commands = [propose(decisions.queue(), keyed), voteCommand(keyed, { decision: decisions.allow() })];
  return commands.flatMap((command, minute) => {
    const answer = decideChange(command, state, toInstant(Date.UTC(2026, 10, 21, 2, minute)));
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveChange(changeId, state, event);
    return answer.events;
  });
}

/** As far as finding it goes: thousands of open changes of one flag there cannot be. */
function closed(events: ChangeEvent[]): Template {
  const template = templateOf(changeWrite(changeId, 0, events));
  return { ...template, row: { ...template.row, status: "closed" } };
}

function templateOf(write: StreamWrite): Template {
  const events = write.events.map(({ type, at, ...data }) => ({ type, at, data: canonicalJson(data) }));
  return { write, events, row: fold(write, null) };
}

/** All names in a template end in this many digits, so that a copy is as long and as canonical. */
const digits = (story: number) => String(story + 2).padStart(10, "0");

async function insert(pool: Pool, templates: readonly Template[], from: number, to: number): Promise<void> {
  const columns: (string | number)[][] = Array.from({ length: 8 }, () => []);
  const heads = new Map<
    string,
    { row: Record<string, string | null>; version: number; hash: string; id: string }[]
  >();
  let position = from * entriesEach;
  for (let story = from; story < to; story += 1) {
    const renamed = (text: string) =>
      text
        .replaceAll(incidentId, `INC-${digits(story)}`)
        .replaceAll(changeId, `CHG-${digits(story)}`)
        .replaceAll("group 0000000001", `group ${digits(story)}`)
        .replaceAll(flagKey, `bench-${digits(story)}`);
    for (const { write, events, row } of templates) {
      const stream = renamed(write.stream);
      let prevHash = firstPrevHash;
      for (const [index, event] of events.entries()) {
        const entry = {
          ...event,
          stream,
          version: index + 1,
          position,
          data: renamed(event.data),
          prevHash,
          hash: "",
        };
        const hash = chainHash(prevHash, storedText(entry));
        [stream, entry.version, position, entry.type, entry.at, entry.data, prevHash, hash].forEach(
          (value, column) => columns[column]?.push(value),
        );
        prevHash = hash;
        position += 1;
      }
      const table = projectionTables[write.kind];
      const renamedRow = Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value === null ? null : renamed(value)]),
      );
      const head = { row: renamedRow, version: events.length, hash: prevHash, id: renamed(write.id) };
      heads.set(table, [...(heads.get(table) ?? []), head]);
    }
  }
  await pool.query(
    `insert into events (stream, version, position, type, at, data, prev_hash, hash)
     select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])`,
    columns,
  );
  for (const [table, rows] of heads) {
    const names = ["id", "version", "head_hash", ...Object.keys(rows[0]?.row ?? {})].join(", ");
    const values = rows.map(({ row, version, hash, id }) => ({ id, version, head_hash: hash, ...row }));
    await pool.query(
      `insert into ${table} (${names}) select ${names} from json_populate_recordset(null::${table}, $1)`,
      [JSON.stringify(values)],
    );
  }
}

/** Ids beyond those that were filled in. */
export function freshIds(n: number) {
  const tail = String(n).padStart(9, "0");
  return { incidentId: IncidentId.parse(`INC-Z${tail}`), changeId: ChangeId.parse(`CHG-Z${tail}`) };
}
