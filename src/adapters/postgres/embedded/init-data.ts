import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, chown, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { OpsError } from "../../../domain/ops-error.ts";
import { ownAccountName } from "./server-account.ts";
import type { ServerBinaries } from "./server-binaries.ts";
import type { ServerHome } from "./server-home.ts";
import { finishUpgrade } from "./swap-data.ts";

export const databaseUser = "signalman";
const abandonedAfterMs = 10 * 60_000;

/**
 * Makes the data folder where there is none. It is made under another name and appears by a rename, so that of
 * two starts at once one wins and nobody ever sees half a folder.
 */
export async function initData(home: ServerHome, binaries: ServerBinaries): Promise<void> {
  await finishUpgrade(home);
  if (existsSync(home.data)) return refuseOtherMajor(home, binaries);
  await removeAbandoned(home.folder);
  const fresh = path.join(home.folder, `data.new-${process.pid}-${Date.now()}`);
  // Windows has no peer authentication: a server on loopback asks for a password instead.
  const byPassword = process.platform === "win32";
  try {
    if (byPassword)
      await writeFile(passwordFile(home), randomBytes(24).toString("hex"), { flag: "wx" }).catch(keepFirst);
    const authentication = byPassword
      ? ["--auth=scram-sha-256", `--pwfile=${passwordFile(home)}`]
      : ["--auth-local=peer", "--auth-host=reject"];
    const initdb = path.join(binaries.folder, "bin", "initdb");
    await promisify(execFile)(
      initdb,
      ["-D", fresh, "-U", databaseUser, "-E", "UTF8", "--no-locale", "--no-instructions", ...authentication],
      spawnOptions(home, binaries),
    );
    if (!byPassword) await allowOnlyUs(fresh, home);
    await rename(fresh, home.data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!existsSync(home.data)) throw initFailed(home, error);
  }
}

/** The file of the password that Windows needs. */
export function passwordFile(home: ServerHome): string {
  return path.join(home.folder, "password");
}

function keepFirst(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

/** The environment and account of the server's programs. Never our own environment: it holds credentials. */
export function spawnOptions(home: ServerHome, binaries: ServerBinaries) {
  const library = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  const systemRoot = process.env["SystemRoot"];
  return {
    cwd: process.platform === "win32" ? home.folder : "/",
    env: {
      LC_ALL: "C",
      TZ: "UTC",
      PATH: "/usr/bin:/bin",
      ...(systemRoot !== undefined && { SystemRoot: systemRoot }),
      ...(binaries.libraryPath !== undefined && { [library]: binaries.libraryPath }),
    },
    ...(home.account && { uid: home.account.uid, gid: home.account.gid }),
  };
}

/** The socket folder keeps others out already; peer authentication with a map says it a second time. */
async function allowOnlyUs(data: string, home: ServerHome): Promise<void> {
  const us = process.getuid?.() === 0 ? "root" : ownAccountName();
  await appendFile(path.join(data, "pg_ident.conf"), `signalman "${us}" ${databaseUser}\n`);
  const rules = path.join(data, "pg_hba.conf");
  await writeFile(rules, `local all ${databaseUser} peer map=signalman\n`);
  if (home.account) await chown(rules, home.account.uid, home.account.gid);
}

/** The major version of the PostgreSQL that made the data folder, such as `18`. */
export async function majorOfData(home: ServerHome): Promise<string> {
  return (await readFile(path.join(home.data, "PG_VERSION"), "utf8").catch(() => "unknown")).trim();
}

async function refuseOtherMajor(home: ServerHome, binaries: ServerBinaries): Promise<void> {
  const existing = await majorOfData(home);
  if (existing === binaries.major) return;
  throw new OpsError(
    "misconfigured",
    `${home.data} was made by PostgreSQL ${existing}, this Signalman brings ${binaries.major}. ${remedyFor(existing, binaries.major)}`,
  );
}

function remedyFor(existing: string, ours: string): string {
  return Number(existing) < Number(ours)
    ? 'Stop every Signalman on it and run "signalman upgrade": it carries the data over and keeps the old folder.'
    : `Start the Signalman that made it, or point DATABASE_URL at a PostgreSQL ${existing} server that runs on it.`;
}

/** Leftovers of starts that were killed while they made the folder. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith("data.new-")) continue;
    const left = path.join(folder, name);
    const made = await stat(left).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > abandonedAfterMs)
      await rm(left, { recursive: true, force: true });
  }
}

function initFailed(home: ServerHome, cause: unknown): OpsError {
  const words = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
  return new OpsError(
    "misconfigured",
    `PostgreSQL could not prepare ${home.data}: ${words}. Make room or mend the folder's modes, choose another data folder, or set DATABASE_URL.`,
    { cause },
  );
}
