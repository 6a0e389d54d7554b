import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

/** The folder of the programs of the newest PostgreSQL that the system has. */
export function systemPostgres(): string | undefined {
  const parent = "/usr/lib/postgresql";
  if (!existsSync(parent)) return undefined;
  return readdirSync(parent)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => path.join(parent, version, "bin"))
    .find((bin) => existsSync(path.join(bin, "initdb")));
}

/** Makes a cluster in `data`, as the account of `options`: PostgreSQL's programs refuse root. */
export async function initSystemCluster(
  binaries: string,
  data: string,
  options: { cwd: string; uid?: number; gid?: number },
): Promise<void> {
  await promisify(execFile)(
    path.join(binaries, "initdb"),
    ["-D", data, "-U", "signalman", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
    options,
  );
}
