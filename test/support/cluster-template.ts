import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createEmbeddedPostgres } from "../../src/adapters/postgres/embedded/embedded-postgres.ts";

/** Where the template lies, for the processes that run test files. */
const variable = "SIGNALMAN_CLUSTER_TEMPLATE";

/**
 * Before the files that start databases: one fresh cluster, as Signalman itself makes it. `initdb` takes a processor
 * for seconds, and several dozen tests want a database of their own; a copy takes tenths.
 */
export async function setup(): Promise<() => void> {
  // PostgreSQL's Windows package has no `cp` beside it, and its password lies outside of the cluster.
  if (process.platform === "win32") return () => undefined;
  const folder = mkdtempSync("/tmp/signalman-template-");
  chmodSync(folder, 0o711);
  const dataFolder = join(folder, "data");
  const server = await createEmbeddedPostgres({ dataFolder, log: () => undefined });
  await server[Symbol.asyncDispose]();
  process.env[variable] = join(dataFolder, "postgres");
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Gives a data folder that nothing has started in yet a copy of the template; without one the start makes its own. */
export function plantCluster(dataFolder: string): void {
  const template = process.env[variable];
  if (template === undefined) return;
  const { uid, gid } = statSync(template);
  const home = join(dataFolder, "postgres");
  mkdirSync(dataFolder, { mode: 0o711 });
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, uid, gid);
  execFileSync("cp", ["-a", join(template, "data"), join(home, "data")]);
}
