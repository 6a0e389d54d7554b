import { readArchiveFile } from "../../adapters/postgres/archive/archive-file.ts";
import { restoreArchive, type RestoredArchive } from "../../adapters/postgres/archive/restore-archive.ts";
import type { Database } from "../../config/database.ts";
import { putLedgerFiles } from "../store/ledger-files.ts";
import { openPool } from "../store/open-pool.ts";

/** Fills the database, which has to be empty, from the archive in `file`. Throws `OpsError`. */
export async function restore(
  database: Database,
  file: string,
): Promise<RestoredArchive & { /** Files that stay as they are. */ inTheWay: string[] }> {
  await using opened = await openPool(database, { make: true, whole: true });
  const restored = await restoreArchive(opened.pool, readArchiveFile(file));
  return { ...restored, inTheWay: await putLedgerFiles(database.dataFolder, restored.files) };
}
