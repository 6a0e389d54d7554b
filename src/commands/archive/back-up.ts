import type { ArchiveEnd, ArchiveHead } from "../../adapters/postgres/archive/archive-lines.ts";
import { readArchiveFile, writeArchiveFile } from "../../adapters/postgres/archive/archive-file.ts";
import { readArchive } from "../../adapters/postgres/archive/read-archive.ts";
import { writeArchive, type WrittenArchive } from "../../adapters/postgres/archive/write-archive.ts";
import type { Database } from "../../config/database.ts";
import { readLedgerFiles } from "../store/ledger-files.ts";
import { openPool } from "../store/open-pool.ts";
import { ownVersion } from "../store/own-version.ts";

export interface BackedUp {
  file: string;
  bytes: number;
  head: ArchiveHead;
  tables: ArchiveEnd["end"];
  /** Names of what lay beside the database. */
  files: string[];
}

/** Writes the database into `file`, reads that again and compares. Throws `OpsError`. */
export async function backUp(
  database: Database,
  file: string,
  { withKey }: { withKey: boolean },
): Promise<BackedUp> {
  await using opened = await openPool(database, { whole: true });
  const files = await readLedgerFiles(database.dataFolder, { withKey });
  let written: WrittenArchive | undefined;
  const bytes = await writeArchiveFile(
    file,
    writeArchive(opened.pool, { version: ownVersion(), now: new Date(), files }, (done) => (written = done)),
  );
  if (written === undefined) throw new Error("an archive that was written has an end");
  for await (const part of readArchive(readArchiveFile(file))) {
    if (part.kind === "table") for await (const row of part.rows) void row;
  }
  return { file, bytes, head: written.head, tables: written.end, files: files.map((each) => each.file) };
}
