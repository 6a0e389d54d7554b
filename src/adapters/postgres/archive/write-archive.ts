import { createHash } from "node:crypto";
import type { Pool } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { z } from "zod";
import { OpsError } from "../../../domain/ops-error.ts";
import { toOpsError } from "../to-ops-error.ts";
import { type ArchiveEnd, ArchiveHead, endOfRows, type FileLine, firstLine } from "./archive-lines.ts";
import { quoted, storedTables } from "./stored-tables.ts";

const newline = 0x0a;

export interface WrittenArchive {
  head: ArchiveHead;
  end: ArchiveEnd["end"];
}

/**
 * Everything Signalman stores in this database, as one stream: of one moment, beside whoever works on it. The pool must
 * set no time limits. `done` is told what was written. Throws `OpsError`.
 */
export async function* writeArchive(
  pool: Pool,
  { version, now, files = [] }: { version: string; now: Date; files?: readonly FileLine[] },
  done: (written: WrittenArchive) => void,
): AsyncGenerator<Buffer> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toOpsError(error);
  });
  try {
    await client.query("begin isolation level repeatable read read only");
    const { rowCount } = await client.query("select 1 where to_regclass('migrations') is not null");
    if (rowCount === 0) {
      throw new OpsError(
        "misconfigured",
        "This database holds nothing of Signalman; there is nothing to take.",
      );
    }
    const { rows } = await client.query("select name, checksum from migrations order by applied_at, name");
    const { rows: server } = await client.query("select current_setting('server_version') as version");
    const head = ArchiveHead.parse({
      signalman: version,
      madeAt: now.toISOString(),
      postgres: z.array(z.object({ version: z.string() })).parse(server)[0]?.version,
      migrations: rows,
    });
    yield line(firstLine);
    yield line(JSON.stringify(head));
    for (const file of files) yield line(JSON.stringify(file));

    const end: ArchiveEnd["end"] = [];
    for (const { table, columns } of await storedTables(client)) {
      yield line(JSON.stringify({ table, columns }));
      const hash = createHash("sha256");
      let count = 0;
      const names = columns.map(quoted).join(", ");
      const copied: AsyncIterable<Buffer> = client.query(
        copyTo(`copy (select ${names} from ${quoted(table)}) to stdout`),
      );
      for await (const chunk of copied) {
        hash.update(chunk);
        for (const byte of chunk) if (byte === newline) count += 1;
        yield chunk;
      }
      yield line(endOfRows);
      end.push({ table, rows: count, sha256: hash.digest("hex") });
    }
    await client.query("commit");
    yield line(JSON.stringify({ end }));
    done({ head, end });
  } catch (error) {
    throw toOpsError(error);
  } finally {
    // Whoever stops reading leaves a COPY under way: that connection is of no use to anybody else.
    client.release(true);
  }
}

function line(text: string): Buffer {
  return Buffer.from(`${text}\n`, "utf8");
}
