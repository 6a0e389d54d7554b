import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

const Answer = z.object({
  startedByUs: z.boolean().optional(),
  host: z.string().optional(),
  notice: z.string().optional(),
  logged: z.array(z.string()).optional(),
  rows: z.array(z.record(z.string(), z.unknown())).optional(),
  failed: z.string().optional(),
});
export type Answer = z.infer<typeof Answer>;

/** One process that holds the embedded server open. */
export interface Holder extends AsyncDisposable {
  ready: Answer;
  pid: number;
  ask(line: string): Promise<Answer>;
  /** Ends as a person would have it end. */
  end(): Promise<void>;
  kill9(): Promise<void>;
}

const script = path.join(import.meta.dirname, "holder-process.ts");

export async function hold(dataFolder: string, account?: Account, binaries?: string): Promise<Holder> {
  const child = spawn(process.execPath, [script, dataFolder, ...(binaries === undefined ? [] : [binaries])], {
    stdio: ["pipe", "pipe", "inherit"],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  child.stdin.on("error", () => undefined);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done === true) throw new Error("the holder ended without an answer");
    return Answer.parse(JSON.parse(line.value));
  };
  if (child.pid === undefined) throw new Error("a spawned process has a pid");
  const holder = {
    ready: await next(),
    pid: child.pid,
    async ask(line: string) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    async end() {
      child.stdin.write("end\n");
      await exited;
    },
    async kill9() {
      child.kill("SIGKILL");
      await exited;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await holder.end();
    },
  };
  return holder;
}

export interface Folder extends AsyncDisposable {
  path: string;
  home: string;
}

/** An empty data folder that `account` may use. Whatever still runs on it afterwards is ended. */
export async function dataFolder(account?: Account): Promise<Folder> {
  const folder = await mkdtemp("/tmp/signalman-test-");
  const data = path.join(folder, "data");
  const home = path.join(data, "postgres");
  if (account) await chown(folder, account.uid, account.gid);
  else if (process.getuid?.() === 0) await chmod(folder, 0o711);
  return {
    path: data,
    home,
    async [Symbol.asyncDispose]() {
      const left = await serverPid(home);
      if (left !== undefined) process.kill(left, "SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Data folders with a database in them that has been started once, and ended: made once, and then copied. */
export function usedFolders(account?: Account): { copy(): Promise<Folder> } & AsyncDisposable {
  let made: Promise<Folder> | null = null;
  const make = async (): Promise<Folder> => {
    const folder = await dataFolder(account);
    await using _ = await hold(folder.path, account);
    return folder;
  };
  return {
    async copy() {
      const { path: from } = await (made ??= make());
      const folder = await dataFolder(account);
      await promisify(execFile)("cp", ["-a", from, folder.path]);
      return folder;
    },
    [Symbol.asyncDispose]: async () => (await made)?.[Symbol.asyncDispose](),
  };
}

/** The pid of the server that runs in `home`, if one does. */
export async function serverPid(home: string): Promise<number | undefined> {
  const pid = await pidIn(path.join(home, "data", "postmaster.pid"));
  return pid !== undefined && runs(pid) ? pid : undefined;
}

/** The pid of the process that keeps that server. */
export async function keeperPid(home: string): Promise<number | undefined> {
  const server = await pidIn(path.join(home, "data", "postmaster.pid"));
  const pid = await pidIn(path.join(home, `keeper-of-${server}.pid`));
  return pid !== undefined && runs(pid) ? pid : undefined;
}

async function pidIn(file: string): Promise<number | undefined> {
  const [first] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  return first === undefined || first === "" ? undefined : Number(first);
}

/** Alive and no zombie. */
export function runs(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function until(what: string, holds: () => Promise<boolean>, withinMs = 8_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}
