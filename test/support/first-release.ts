import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pool } from "pg";
import { z } from "zod";

const root = join(import.meta.dirname, "..", "..");
const migrations = join(root, "src", "adapters", "postgres", "migrations");

const Row = z.record(z.string(), z.unknown());
const Recorded = z.record(z.string(), z.array(Row));

/** Tables whose rows name rows of others come last. */
const order = ["migrations", "inbox", "events", "incidents", "changes", "outbox", "bodies", "postings"];

export type Recorded = z.infer<typeof Recorded>;

/** The rows of the first release, by table, as they were recorded. */
export function readFirstRelease(): Recorded {
  const text = readFileSync(join(root, "test", "fixtures", "first-release", "database.json"), "utf8");
  return Recorded.parse(JSON.parse(text));
}

/** Makes an empty database what the first release left: its schema from the files it had, and its rows. */
export async function plantFirstRelease(pool: Pool): Promise<void> {
  const recorded = readFirstRelease();
  await pool.query("create schema signalman");
  await pool.query(
    "create table migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())",
  );
  const applied = z.array(z.object({ name: z.string(), checksum: z.string() })).parse(recorded["migrations"]);
  for (const { name, checksum } of applied) {
    const sql = readFileSync(join(migrations, name), "utf8");
    const now = createHash("sha256").update(sql).digest("hex");
    if (now !== checksum) throw new Error(`${name} is no longer the file that was released`);
    await pool.query(sql);
  }
  const tables = [...order, ...Object.keys(recorded).filter((table) => !order.includes(table))];
  for (const table of tables) {
    const rows = (recorded[table] ?? []).map(withBytes);
    await pool.query(
      `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, $1)`,
      [JSON.stringify(rows)],
    );
    await pool.query(
      `select setval(pg_get_serial_sequence($1, attname), (select count(*) + 1000 from ${table}))
       from pg_attribute where attrelid = $1::regclass and attidentity <> ''`,
      [table],
    );
  }
}

function withBytes(row: Record<string, unknown>): Record<string, unknown> {
  const bytes = ["body", "content"].flatMap((name) => {
    const text = row[name];
    return typeof text === "string" ? [[name, `\\x${Buffer.from(text, "utf8").toString("hex")}`]] : [];
  });
  return { ...row, ...Object.fromEntries(bytes) };
}
