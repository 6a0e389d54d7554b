import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { ClientBase, Pool, PoolClient } from "pg";
import { OpsError } from "../../domain/ops-error.ts";
import { toOpsError } from "./to-ops-error.ts";

/** Any number, as long as every Signalman takes the same. */
const lockKey = 7_446_215_511;
const folder = path.join(import.meta.dirname, "migrations");

/**
 * Brings the schema `signalman` up to date, forward only. Of several starters one does it and the others wait.
 * Throws `OpsError` (`misconfigured`) when a file that was applied has changed since, or when the database was
 * migrated by a newer Signalman. With `like`, only as far as the database that had these applied.
 */
export async function migrate(pool: Pool, { like }: { like?: readonly Applied[] } = {}): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toOpsError(error);
  });
  try {
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    const files = await migrationFiles();
    await applyMissing(client, like === undefined ? files : onlyThose(like, files));
  } catch (error) {
    throw toOpsError(error);
  } finally {
    await client.query("select pg_advisory_unlock($1)", [lockKey]).catch(() => undefined);
    client.release();
  }
}

/** Names of migrations that the next start will apply, in a database where some or none were. Throws like `migrate`. */
export async function pendingMigrations(client: ClientBase): Promise<string[]> {
  const files = await migrationFiles();
  const { rows: tables } = await client.query(
    "select 1 where to_regclass('signalman.migrations') is not null",
  );
  if (tables.length === 0) return files.map(({ name }) => name);
  const applied = await appliedMigrations(client);
  refuseUnknown(applied, files);
  return files.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
}

/** A migration as a database remembers it. */
interface Applied {
  name: string;
  checksum: string;
}

interface MigrationFile extends Applied {
  sql: string;
}

function onlyThose(like: readonly Applied[], files: readonly MigrationFile[]): MigrationFile[] {
  const names = new Set(like.map(({ name }) => name));
  refuseUnknown(new Map(like.map(({ name, checksum }) => [name, checksum])), files);
  return files.filter(({ name }) => names.has(name));
}

async function migrationFiles(): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql"));
  const ordered = names.toSorted((a, b) => (a < b ? -1 : 1));
  return Promise.all(
    ordered.map(async (name) => {
      const sql = await readFile(path.join(folder, name), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function applyMissing(client: PoolClient, files: readonly MigrationFile[]): Promise<void> {
  await client.query("create schema if not exists signalman");
  await client.query(
    "create table if not exists migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())",
  );
  const applied = await appliedMigrations(client);
  refuseUnknown(applied, files);
  for (const { name, sql, checksum } of files) {
    if (applied.has(name)) continue;
    await client.query("begin");
    try {
      await client.query(sql);
      await client.query("insert into migrations (name, checksum) values ($1, $2)", [name, checksum]);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback");
      throw error;
    }
  }
}

async function appliedMigrations(client: ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "select name, checksum from signalman.migrations order by name",
  );
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

function refuseUnknown(applied: ReadonlyMap<string, string>, files: readonly MigrationFile[]): void {
  const known = new Map(files.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    const ours = known.get(name);
    if (ours === checksum) continue;
    throw new OpsError(
      "misconfigured",
      ours === undefined
        ? `The data have migration ${name}, which this Signalman does not know: a newer one wrote them. Start that version, or restore a backup from before.`
        : `Migration ${name} differs from the one that was applied to these data. Restore the file as it was released; changes go into a new file.`,
    );
  }
}
