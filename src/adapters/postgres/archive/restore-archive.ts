import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Pool, PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { OpsError } from "../../../domain/ops-error.ts";
import { migrate } from "../migrate.ts";
import { toOpsError } from "../to-ops-error.ts";
import type { ArchiveEnd, ArchiveHead, FileLine } from "./archive-lines.ts";
import { type ArchivePart, readArchive } from "./read-archive.ts";
import { quoted, storedTables } from "./stored-tables.ts";

export interface RestoredArchive {
  head: ArchiveHead;
  tables: ArchiveEnd["end"];
  /** What lay beside the database; putting it there is the caller's. */
  files: FileLine[];
}

/**
 * Fills a database that holds nothing of Signalman: first the schema as it was when the archive was written, then its
 * rows, all or none, then the migrations that have come since. The pool must set no time limits. Throws `OpsError`
 * (`misconfigured`) where the database is not empty, or the archive is damaged or newer than this Signalman.
 */
export async function restoreArchive(
  pool: Pool,
  source: AsyncIterable<Uint8Array>,
): Promise<RestoredArchive> {
  await refuseFilled(pool);
  const parts = readArchive(source);
  const first = await parts.next();
  if (first.done === true || first.value.kind !== "head") throw new Error("an archive begins with its head");
  const { head } = first.value;
  try {
    await migrate(pool, { like: head.migrations });
    const restored = { head, ...(await fill(pool, parts)) };
    await migrate(pool);
    return restored;
  } catch (error) {
    // It was empty, and shall be so again: then the next try starts as this one did. What another has begun is not ours.
    if (!(error instanceof Taken)) {
      await pool.query("drop schema if exists signalman cascade").catch(() => undefined);
    }
    throw toOpsError(error);
  } finally {
    await parts.return(undefined);
  }
}

/** Somebody else has begun to write into what was empty. */
class Taken extends OpsError {
  constructor() {
    super(
      "misconfigured",
      "A Signalman has been started on this database meanwhile, and what it has taken in is kept: nothing was restored. Stop it, and restore into another data folder or an empty database.",
    );
  }
}

/** Until the end of the transaction nobody else writes. */
async function refuseTaken(client: PoolClient, tables: Iterable<string>): Promise<void> {
  for (const table of tables) {
    await client.query(`lock table ${quoted(table)} in exclusive mode`);
    const { rowCount } = await client.query(`select from ${quoted(table)} limit 1`);
    if (rowCount !== 0) throw new Taken();
  }
}

async function refuseFilled(pool: Pool): Promise<void> {
  let filled: boolean;
  try {
    const { rowCount } = await pool.query(
      "select from pg_class where relnamespace = to_regnamespace('signalman') limit 1",
    );
    filled = rowCount === 1;
  } catch (error) {
    throw toOpsError(error);
  }
  if (filled) {
    throw new OpsError(
      "misconfigured",
      "There is data of a Signalman already, and a restore never writes over any. Restore into another data folder (database.dataFolder) or into an empty database (DATABASE_URL).",
    );
  }
}

async function fill(
  pool: Pool,
  parts: AsyncIterable<ArchivePart>,
): Promise<Pick<RestoredArchive, "tables" | "files">> {
  const files: FileLine[] = [];
  let tables: ArchiveEnd["end"] = [];
  const client = await pool.connect();
  try {
    await client.query("begin");
    const known = new Map((await storedTables(client)).map(({ table, columns }) => [table, columns]));
    await refuseTaken(client, known.keys());
    for await (const part of parts) {
      switch (part.kind) {
        case "head":
          throw new Error("an archive has one head");
        case "file":
          files.push({ file: part.file, text: part.text });
          break;
        case "table": {
          const columns = known.get(part.table);
          if (columns === undefined || part.columns.some((name) => !columns.includes(name))) {
            throw new OpsError(
              "misconfigured",
              `The backup is damaged: its table ${part.table.slice(0, 60)} is not one of the version that it names.`,
            );
          }
          const names = part.columns.map(quoted).join(", ");
          const copy = client.query(copyFrom(`copy ${quoted(part.table)} (${names}) from stdin`));
          await pipeline(Readable.from(part.rows), copy);
          await countOn(client, part.table);
          break;
        }
        case "end":
          tables = part.end;
      }
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
  return { tables, files };
}

/** Numbers that the database gives go on behind those that were restored. */
async function countOn(client: PoolClient, table: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select attname as name from pg_attribute where attrelid = to_regclass($1) and attidentity <> ''",
    [quoted(table)],
  );
  for (const { name } of rows) {
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), coalesce(max(${quoted(name)}), 1), max(${quoted(name)}) is not null)
       from ${quoted(table)}`,
      [quoted(table), name],
    );
  }
}
