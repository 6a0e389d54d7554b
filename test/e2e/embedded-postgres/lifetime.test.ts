import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { accounts } from "./accounts.ts";
import {
  dataFolder,
  type Folder,
  hold,
  type Holder,
  keeperPid,
  serverPid,
  until,
  usedFolders,
} from "./holder.ts";

describe.each(accounts())("embedded PostgreSQL as $title", ({ account }) => {
  const used = usedFolders(account);
  afterAll(() => used[Symbol.asyncDispose]());
  const emptyFolder = () => untilTestEnds(dataFolder(account));
  const usedFolder = () => untilTestEnds(used.copy());
  const count = "select count(*)::int as n from kept";

  it("starts on an empty folder, ends with its starter, and keeps the data", async () => {
    const folder = await emptyFolder();
    const first = await hold(folder.path, account);
    expect(first.ready).toMatchObject({ startedByUs: true });
    await first.ask("create table kept as select 7 as n");
    await first.end();
    expect(await serverPid(folder.home)).toBeUndefined();

    await using second = await hold(folder.path, account);
    expect(await second.ask("select n from kept")).toEqual({ rows: [{ n: 7 }] });
  });

  it("is joined by a second, which starts it again when the first ends", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    await using second = await hold(folder.path, account);
    expect(second.ready).toMatchObject({ startedByUs: false });
    await first.ask("create table kept as select 1 as n");
    await first.end();

    expect(await second.ask(count)).toEqual({ rows: [{ n: 1 }] });
    await until("the second is the starter", async () => (await second.ask("state")).startedByUs === true);
    await second.end();
    expect(await serverPid(folder.home)).toBeUndefined();
  });

  it("leaves a server alone when one that had joined ends", async () => {
    const folder = await usedFolder();
    await using first = await hold(folder.path, account);
    const pid = await serverPid(folder.home);
    const second = await hold(folder.path, account);
    await second.end();
    expect(await serverPid(folder.home)).toBe(pid);
    expect(await first.ask("select 1 as n")).toEqual({ rows: [{ n: 1 }] });
  });

  it("ends by itself after kill -9 of its starter, and one that had joined goes on", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    await first.ask("create table kept as select 1 as n");
    await first.kill9();
    await until("the keeper stops the server", async () => (await serverPid(folder.home)) === undefined);

    const second = await hold(folder.path, account);
    const third = await hold(folder.path, account);
    await second.kill9();
    expect(await third.ask(count)).toEqual({ rows: [{ n: 1 }] });
    await third.end();
    // Either it had become the starter, or the keeper of the one that was killed still had to notice.
    await until("the server ends", async () => (await serverPid(folder.home)) === undefined);
  });

  it("gets a new keeper after kill -9 of its keeper", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    const server = await serverPid(folder.home);
    const keeper = await mustPid(keeperPid(folder.home));
    process.kill(keeper, "SIGKILL");
    await until("another keeper", async () => ![undefined, keeper].includes(await keeperPid(folder.home)));
    expect(await serverPid(folder.home)).toBe(server);
    await first.kill9();
    await until("the new keeper stops the server", async () => (await serverPid(folder.home)) === undefined);
  });

  it("comes back after kill -9 of the server, with what was committed", async () => {
    const folder = await usedFolder();
    await using first = await hold(folder.path, account);
    await first.ask("create table kept as select 1 as n");
    process.kill(await mustPid(serverPid(folder.home)), "SIGKILL");
    expect(await first.ask(count)).toEqual({ rows: [{ n: 1 }] });
    await first.end();
    expect(await serverPid(folder.home)).toBeUndefined();
  });

  it("is known to be kept again after another had started it for a while", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    process.kill(first.pid, "SIGSTOP");
    process.kill(await mustPid(serverPid(folder.home)), "SIGKILL");
    const second = await hold(folder.path, account);
    expect(second.ready).toMatchObject({ startedByUs: true });
    const another = await mustPid(keeperPid(folder.home));
    process.kill(first.pid, "SIGCONT");
    await second.end();
    await until("the first keeps it again", async () => {
      const [keeper, server] = [await keeperPid(folder.home), await serverPid(folder.home)];
      return server !== undefined && keeper !== undefined && keeper !== another;
    });

    const server = await serverPid(folder.home);
    const third = await hold(folder.path, account);
    await third.end();
    expect(await serverPid(folder.home)).toBe(server);
    await first.end();
  });

  it("is joined and kept when starter and keeper were killed and the server lived on", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    const server = await mustPid(serverPid(folder.home));
    const keeper = await mustPid(keeperPid(folder.home));
    await first.ask("create table kept as select 1 as n");
    await killTogether(first, keeper);
    expect(await serverPid(folder.home)).toBe(server);

    const second = await hold(folder.path, account);
    expect(second.ready).toMatchObject({ startedByUs: false });
    expect(await keeperPid(folder.home)).not.toBe(keeper);
    await second.end();
    await until("the adopted server ends", async () => (await serverPid(folder.home)) === undefined);
  });

  it("starts after kill -9 of everything", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    await first.ask("create table kept as select 1 as n");
    const server = await mustPid(serverPid(folder.home));
    await killTogether(first, await mustPid(keeperPid(folder.home)), server);

    await using second = await hold(folder.path, account);
    expect(second.ready).toMatchObject({ startedByUs: true });
    expect(await second.ask(count)).toEqual({ rows: [{ n: 1 }] });
  });

  it("lets one of two starts at once start, and the other join", async () => {
    for (const open of [emptyFolder, usedFolder, usedFolder]) {
      const folder = await open();
      const both = await Promise.all([hold(folder.path, account), hold(folder.path, account)]);
      expect(starters(both)).toBe(1);
      await Promise.all(both.map((each) => each.kill9()));
      await until("the server ends", async () => (await serverPid(folder.home)) === undefined);
      const again = await Promise.all([hold(folder.path, account), hold(folder.path, account)]);
      expect(starters(again)).toBe(1);
      await Promise.all(again.map((each) => each.end()));
      expect(await serverPid(folder.home)).toBeUndefined();
    }
  }, 60_000);

  it("waits for a server that is still shutting down", async () => {
    const folder = await usedFolder();
    const first = await hold(folder.path, account);
    await first.ask("create table kept as select 1 as n");
    const old = await mustPid(serverPid(folder.home));
    // SIGTERM is PostgreSQL's smart shutdown: nobody gets in, and it lasts until the last session leaves.
    process.kill(old, "SIGTERM");
    const second = hold(folder.path, account);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await serverPid(folder.home)).toBe(old);
    await first.kill9();
    await using came = await second;
    expect(await came.ask(count)).toEqual({ rows: [{ n: 1 }] });
    expect(await serverPid(folder.home)).not.toBe(old);
  });
});

async function untilTestEnds(made: Promise<Folder>): Promise<Folder> {
  const folder = await made;
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder;
}

async function mustPid(pid: Promise<number | undefined>): Promise<number> {
  const found = await pid;
  if (found === undefined) throw new Error("expected a running process");
  return found;
}

function starters(holders: readonly Holder[]): number {
  for (const { ready } of holders) expect(ready.failed).toBeUndefined();
  return holders.filter(({ ready }) => ready.startedByUs).length;
}

async function killTogether(holder: { kill9(): Promise<void> }, ...pids: number[]): Promise<void> {
  const killed = holder.kill9(); // the signal is sent at once
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await killed;
}
