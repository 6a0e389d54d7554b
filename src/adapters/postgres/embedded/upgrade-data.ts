import { existsSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { PoolConfig } from "pg";
import { OpsError } from "../../../domain/ops-error.ts";
import { createEmbeddedPostgres } from "./embedded-postgres.ts";
import { passwordFile } from "./init-data.ts";
import { serverHome } from "./server-home.ts";
import { swapData, waiting } from "./swap-data.ts";

export interface UpgradeDataOptions {
  dataFolder: string;
  /** The `native` folder of the package whose PostgreSQL made the data. */
  oldBinaries: string;
  oldMajor: string;
  /** Copies everything and checks it. What it throws leaves the data folder as it was. */
  copy: (from: PoolConfig, to: PoolConfig) => Promise<void>;
}

/**
 * Carries the data of an older PostgreSQL over: the old server is started on them, a new one beside it, everything is
 * copied and checked, both are stopped, and the new folder takes the place of the old one, which is kept. Answers where.
 * Throws `OpsError` (`misconfigured`) while a Signalman runs on the data.
 */
export async function upgradeData({
  dataFolder,
  oldBinaries,
  oldMajor,
  copy,
}: UpgradeDataOptions): Promise<string> {
  const home = await serverHome(dataFolder, () => undefined);
  const scratch = path.join(home.folder, "upgrade");
  await rm(scratch, { recursive: true, force: true });
  await rm(waiting(home), { recursive: true, force: true });
  try {
    {
      await using old = await createEmbeddedPostgres({
        dataFolder,
        binaries: oldBinaries,
        log: () => undefined,
      });
      if (!old.startedByUs) {
        throw new OpsError(
          "misconfigured",
          `A Signalman runs on ${dataFolder}. Stop it first: what it writes from now on would be lost.`,
        );
      }
      await keepPassword(passwordFile(home), path.join(scratch, "postgres"));
      await using fresh = await createEmbeddedPostgres({ dataFolder: scratch, log: () => undefined });
      await copy(old.connection, fresh.connection);
    }
    return await swapData(home, path.join(scratch, "postgres", "data"), oldMajor);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Windows' server asks for a password, which lies beside the data and stays there: both have to have the same. */
async function keepPassword(file: string, folder: string): Promise<void> {
  if (!existsSync(file)) return;
  await mkdir(folder, { recursive: true });
  await copyFile(file, path.join(folder, path.basename(file)));
}
