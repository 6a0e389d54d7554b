import { spawn } from "node:child_process";
import { open, readFile, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { OpsError } from "../../../domain/ops-error.ts";
import { freePort } from "./free-port.ts";
import { spawnOptions } from "./init-data.ts";
import type { ServerBinaries } from "./server-binaries.ts";
import type { ServerHome } from "./server-home.ts";

/** Small, and as durable as a server. What is not listed is PostgreSQL's default (`fsync` is on). */
const settings: Readonly<Record<string, string>> = {
  shared_buffers: "16MB",
  max_connections: "80",
  wal_buffers: "1MB",
  max_wal_size: "256MB",
  min_wal_size: "32MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  // No helper processes: one machine, small tables.
  io_method: "sync",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "0",
  max_logical_replication_workers: "0",
  jit: "off",
  autovacuum_max_workers: "1",
  autovacuum_worker_slots: "1",
  log_min_messages: "warning",
  log_checkpoints: "off",
  log_timezone: "UTC",
  timezone: "UTC",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
};

/** An older server, as an upgrade starts it, refuses settings that it does not know. */
const since18 = ["io_method", "autovacuum_worker_slots"];

const longestLogBytes = 1_000_000;

export interface SpawnedServer {
  pid: number;
  ended(): boolean;
}

/** Starts the server in a session of its own; what it says goes to `server.log`. */
export async function spawnServer(home: ServerHome, binaries: ServerBinaries): Promise<SpawnedServer> {
  const where =
    process.platform === "win32"
      ? { listen_addresses: "127.0.0.1", unix_socket_directories: "", port: String(await freePort()) }
      : { listen_addresses: "", unix_socket_directories: home.socket, unix_socket_permissions: "0700" };
  const known = Object.entries(settings).filter(
    ([name]) => Number(binaries.major) >= 18 || !since18.includes(name),
  );
  const flags = Object.entries({ ...Object.fromEntries(known), ...where }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  if (((await stat(home.log).catch(() => undefined))?.size ?? 0) > longestLogBytes) await truncate(home.log);
  await using output = await open(home.log, "a", 0o600);
  const child = spawn(path.join(binaries.folder, "bin", "postgres"), ["-D", home.data, ...flags], {
    ...spawnOptions(home, binaries),
    detached: true,
    windowsHide: true,
    stdio: ["ignore", output.fd, output.fd],
  });
  let ended = false;
  child.once("exit", () => (ended = true));
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => {
      const words = `PostgreSQL could not be started from ${binaries.folder}: ${cause.message}. Set DATABASE_URL if this machine does not allow it.`;
      reject(new OpsError("misconfigured", words, { cause }));
    });
  });
  child.unref();
  if (child.pid === undefined) throw new Error("a spawned process has a pid");
  return { pid: child.pid, ended: () => ended };
}

/** The end of the server's log, for error messages. */
export async function lastLines(home: ServerHome): Promise<string> {
  const text = await readFile(home.log, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-4).join(" | ");
  return `Its log ${home.log} ends: ${lines}`;
}
