import type { ClientBase } from "pg";
import { z } from "zod";
import type { TableLine } from "./archive-lines.ts";

const TableRow = z.object({ table: z.string(), columns: z.array(z.string()) });

/**
 * The tables of our schema with their columns, those that name rows of another table last. `migrations` is not among
 * them: whoever restores runs the migrations.
 */
export async function storedTables(client: ClientBase): Promise<TableLine[]> {
  const { rows } = await client.query(
    `select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = to_regnamespace('signalman') and c.relkind = 'r' and c.relname <> 'migrations'
     group by c.oid, c.relname
     order by exists (select from pg_constraint where conrelid = c.oid and contype = 'f'), c.relname`,
  );
  return z.array(TableRow).parse(rows);
}

/** A name in a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
