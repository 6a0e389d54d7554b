import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createEmbeddedPostgres } from "../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { serverAccount } from "../../src/adapters/postgres/embedded/server-account.ts";
import { initSystemCluster, systemPostgres } from "./system-postgres.ts";

/** Where the templates lie, for the processes that run test files. */
const variables = { embedded: "SIGNALMAN_CLUSTER_TEMPLATE", system: "SIGNALMAN_SYSTEM_TEMPLATE" } as const;

/**
 * Before the files that start databases: fresh clusters, the embedded one as Signalman itself makes it, and one of the
 * system's PostgreSQL where there is one. `initdb` takes a processor for seconds, and several dozen tests want a
 * database of their own; a copy takes tenths.
 */
export async function setup(): Promise<() => void> {
  // PostgreSQL's Windows package has no `cp` beside it, and its password lies outside of the cluster.
  if (process.platform === "win32") return () => undefined;
  // Made already, for another of the projects of this run.
  if (process.env[variables.embedded] !== undefined) return () => undefined;
  const folder = mkdtempSync("/tmp/signalman-template-");
  chmodSync(folder, 0o711);
  const dataFolder = join(folder, "data");
  const server = await createEmbeddedPostgres({ dataFolder, log: () => undefined });
  await server[Symbol.asyncDispose]();
  process.env[variables.embedded] = join(dataFolder, "postgres");
  const binaries = systemPostgres();
  if (binaries !== undefined) process.env[variables.system] = await systemTemplate(binaries, folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

async function systemTemplate(binaries: string, folder: string): Promise<string> {
  const account = await serverAccount(undefined);
  const home = join(folder, "system");
  mkdirSync(home);
  if (account) chownSync(home, account.uid, account.gid);
  const data = join(home, "data");
  await initSystemCluster(binaries, data, {
    cwd: "/",
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  return data;
}

/** Gives a data folder that nothing has started in yet a copy of the template; without one the start makes its own. */
export function plantCluster(dataFolder: string): void {
  const template = process.env[variables.embedded];
  if (template === undefined) return;
  const { uid, gid } = statSync(template);
  const home = join(dataFolder, "postgres");
  mkdirSync(dataFolder, { mode: 0o711 });
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, uid, gid);
  execFileSync("cp", ["-a", join(template, "data"), join(home, "data")]);
}

/** The same with a cluster of the system's PostgreSQL; false where there is no template. */
export function plantSystemCluster(data: string): boolean {
  const template = process.env[variables.system];
  if (template === undefined) return false;
  execFileSync("cp", ["-a", template, data]);
  return true;
}
