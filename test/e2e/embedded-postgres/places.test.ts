import { spawn } from "node:child_process";
import { chmod, chown, cp, mkdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { packagedBinaries } from "../../../src/adapters/postgres/embedded/server-binaries.ts";
import { accounts } from "./accounts.ts";
import { dataFolder, hold, keeperPid, serverPid } from "./holder.ts";

const Links = z.array(z.object({ target: z.string() }));
const isRoot = process.getuid?.() === 0;
const ordinary = accounts().find(({ title }) => title === "an ordinary user");

async function emptyFolder(account = ordinary?.account) {
  const folder = await dataFolder(account);
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder;
}

/** The package as it lies there after `npm ci --ignore-scripts`. */
async function packageWithoutLinks(parent: string): Promise<string> {
  const native = path.join(parent, "package", "native");
  await cp(packagedBinaries(), native, { recursive: true, verbatimSymlinks: true });
  await cp(path.join(packagedBinaries(), "..", "package.json"), path.join(parent, "package", "package.json"));
  const listed = await readFile(path.join(native, "pg-symlinks.json"), "utf8");
  for (const { target } of Links.parse(JSON.parse(listed))) {
    await unlink(path.join(parent, "package", target)).catch(() => undefined);
  }
  return native;
}

it.runIf(ordinary)("makes the library links itself, outside a package it may not write to", async () => {
  const folder = await emptyFolder();
  const binaries = await packageWithoutLinks(path.dirname(folder.path));
  await using holder = await hold(folder.path, ordinary?.account, binaries);
  expect(holder.ready).toMatchObject({ startedByUs: true, notice: "" });
  expect(await holder.ask("select upper('ä' collate \"und-x-icu\") as up")).toEqual({ rows: [{ up: "Ä" }] });
});

it.runIf(isRoot)("runs from elsewhere, and says where, when only root may enter the folders", async () => {
  const folder = await dataFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const outer = path.dirname(folder.path);
  const binaries = await packageWithoutLinks(outer);
  await chmod(outer, 0o700);
  const first = await hold(folder.path, undefined, binaries);
  const words = first.ready.notice ?? "";
  const home = /embedded database lies in (\S+?)(;|$)/.exec(words)?.[1] ?? "";
  const copy = /PostgreSQL runs from (\S+?)(;|$)/.exec(words)?.[1] ?? "";
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  expect(first.ready.startedByUs).toBe(true);
  expect(home).toMatch(/^\/var\/lib\/signalman\//);
  expect(copy).toMatch(/^\/var\/tmp\/signalman-postgres-/);
  await first.ask("create table kept as select 1 as n");
  await first.end();

  // The choice is remembered: data do not vanish because somebody opened the folder.
  await chmod(outer, 0o755);
  const second = await hold(folder.path, undefined, binaries);
  expect(await second.ask("select n from kept")).toEqual({ rows: [{ n: 1 }] });
  await second.end();

  // A copy that somebody else could have changed is not run.
  await chmod(outer, 0o700);
  await chmod(path.join(copy, "bin", "postgres"), 0o777);
  const third = await hold(folder.path, undefined, binaries);
  expect(third.ready.failed).toContain("is not the copy of PostgreSQL");
});

it("puts the socket under the temporary folder when its path would be too long", async () => {
  const folder = await emptyFolder();
  const long = path.join(folder.path, "a".repeat(60), "b".repeat(60));
  await using holder = await hold(long, ordinary?.account);
  const host = holder.ready.host ?? "";
  onTestFinished(() => rm(host, { recursive: true, force: true }));
  expect(host).toMatch(/^\/tmp\/signalman-[0-9a-f]{16}$/);
  expect(await holder.ask("select 1 as n")).toEqual({ rows: [{ n: 1 }] });
  await using joined = await hold(long, ordinary?.account);
  expect(joined.ready).toMatchObject({ startedByUs: false, host });
});

it("refuses the data folder of another major version and says what to do", async () => {
  const folder = await emptyFolder();
  const first = await hold(folder.path, ordinary?.account);
  await first.end();
  await writeFile(path.join(folder.home, "data", "PG_VERSION"), "17\n");
  const second = await hold(folder.path, ordinary?.account);
  expect(second.ready.failed).toMatch(
    /made by PostgreSQL 17, this Signalman brings 18.*run "signalman upgrade"/,
  );
});

it.runIf(isRoot && ordinary)("refuses a data folder of another user", async () => {
  const folder = await emptyFolder(undefined);
  await mkdir(folder.home, { recursive: true, mode: 0o755 });
  await chmod(path.dirname(folder.home), 0o755);
  const second = await hold(folder.path, ordinary?.account);
  expect(second.ready.failed).toContain("belongs to user id 0");
});

it("is not stopped by a pid file whose number is another process by now", async () => {
  const folder = await emptyFolder();
  const account = ordinary?.account;
  const first = await hold(folder.path, account);
  const pid = (await serverPid(folder.home)) ?? 0;
  const file = path.join(folder.home, "data", "postmaster.pid");
  const claim = await readFile(file, "utf8");
  const keeper = (await keeperPid(folder.home)) ?? 0;
  const killed = first.kill9();
  process.kill(keeper, "SIGKILL");
  process.kill(pid, "SIGKILL");
  await killed;

  const other = spawn("/bin/sleep", ["60"], { ...(account && { uid: account.uid, gid: account.gid }) });
  onTestFinished(() => void other.kill());
  await writeFile(file, claim.replace(String(pid), String(other.pid)));
  if (account) await chown(file, account.uid, account.gid);
  await using second = await hold(folder.path, account);
  expect(second.ready).toMatchObject({ startedByUs: true });
});
