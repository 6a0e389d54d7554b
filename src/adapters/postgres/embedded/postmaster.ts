import { execFile } from "node:child_process";
import { readFile, readdir, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/** What the running server wrote into `postmaster.pid` (PostgreSQL: src/include/utils/pidfile.h). */
export interface Postmaster {
  pid: number;
  /** TCP port; on Unix only the number in the socket's name. */
  port: number;
  /** Folder of the Unix socket; empty where there is none. */
  socket: string;
}

/** Null where no server has a claim on `data`, or it has only begun to write it. */
export async function readPostmaster(data: string): Promise<Postmaster | null> {
  const text = await readFile(path.join(data, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, , , port, socket] = text.split("\n");
  if (pid === undefined || port === undefined || socket === undefined) return null;
  return { pid: Math.abs(Number(pid)), port: Number(port), socket };
}

/**
 * Whether the process really is this data folder's server. A pid alone says little: after a restart of a
 * container the same number is easily somebody else, and a killed server may stay a zombie for ever.
 */
export async function isServing(data: string, pid: number): Promise<boolean> {
  if (process.platform === "linux") {
    const state = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    const [letter] = state.slice(state.lastIndexOf(")") + 2);
    if (letter === undefined || letter === "Z" || letter === "X") return false;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    // Only root and the owner may read it; for anybody else the name has to do.
    return cwd === undefined ? state.includes("(postgres)") : cwd === data;
  }
  if (process.platform === "win32") return isAlive(pid);
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=,comm=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout.includes("postgres") && !stdout.trimStart().startsWith("Z");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * PostgreSQL clears the claims of a pid that no longer exists by itself. It does not when the pid lives on as a
 * zombie or as another process, so such claims (on the folder and on the socket) are put aside here. Two servers
 * on one folder stay impossible: PostgreSQL also checks the shared memory of the folder.
 */
export async function dropStaleClaims(data: string, socket: string): Promise<void> {
  const locks = (await readdir(socket).catch(() => [])).filter((name) => name.endsWith(".lock"));
  const claims = [path.join(data, "postmaster.pid"), ...locks.map((name) => path.join(socket, name))];
  for (const claim of claims) {
    const pid = await claimant(claim);
    if (pid === null || !isAlive(pid) || (await isServing(data, pid))) continue;
    await orphansGone(data);
    if ((await claimant(claim)) === pid) await rm(claim, { force: true });
  }
}

async function claimant(file: string): Promise<number | null> {
  const [first = ""] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  return first === "" ? null : Math.abs(Number(first));
}

/** Children of a killed server leave by themselves within moments; a new server must not meet them. */
async function orphansGone(data: string): Promise<void> {
  if (process.platform !== "linux") return;
  for (let tries = 0; tries < 100; tries++) {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
    if (!folders.includes(data)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
