import { setTimeout as delay } from "node:timers/promises";
import type { Client, PoolConfig } from "pg";
import { OpsError } from "../../../domain/ops-error.ts";
import { connectionOf, connectTo } from "./connect-to.ts";
import { initData } from "./init-data.ts";
import { hasKeeper, startKeeper, type Keeper } from "./keeper.ts";
import { dropStaleClaims, isServing, readPostmaster, type Postmaster } from "./postmaster.ts";
import { packagedBinaries, serverBinaries } from "./server-binaries.ts";
import { serverHome } from "./server-home.ts";
import { lastLines, spawnServer } from "./spawn-server.ts";

export interface EmbeddedPostgres extends AsyncDisposable {
  connection: PoolConfig;
  /** Whether this process started the server, so that the server ends with it. */
  readonly startedByUs: boolean;
  /** Where things lie, if not where one would look for them. */
  notice?: string;
}

export interface EmbeddedPostgresOptions {
  dataFolder: string;
  log: (line: string) => void;
  /** The folder with `bin`, `lib` and `share`; by default that of the installed package. */
  binaries?: string;
}

const startTimeoutMs = 30_000;
const mostStarts = 5;

interface Running {
  server: Postmaster;
  /** An idle connection whose end tells that the server ended. */
  watch: Client;
}

/**
 * The real PostgreSQL that came with `npm ci`, on a Unix socket in a folder that only we may enter.
 *
 * Started if it does not run yet, else joined. It ends with the Signalman that started it, however that ends
 * (a keeper sees to it); one that had joined then starts it again. There is no lock of our own: of two starts at
 * once PostgreSQL lets one through, and the other joins. Throws `OpsError` (`misconfigured`, `timeout`).
 */
export async function createEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const notices: string[] = [];
  const tell = (line: string) => {
    notices.push(line);
    options.log(line);
  };
  const home = await serverHome(options.dataFolder, tell);
  const packaged = options.binaries ?? packagedBinaries();
  const binaries = await serverBinaries(packaged, home.account, home.folder, tell);

  const ending = new AbortController();
  let keeper: Promise<Keeper> | undefined;
  let kept: number | undefined;
  let startedByUs = false;
  let recovery: Promise<void> | undefined;

  async function keep(pid: number): Promise<void> {
    kept = pid;
    keeper ??= startKeeper(home, () => {
      keeper = undefined;
      if (ending.signal.aborted || kept === undefined) return;
      options.log("the keeper of the embedded database ended: starting another");
      void keep(kept).catch((error: unknown) => options.log(`no keeper: ${String(error)}`));
    });
    await (await keeper).watch(pid);
  }

  async function start(): Promise<Running> {
    const deadline = Date.now() + startTimeoutMs;
    let starts = 0;
    let ours: Awaited<ReturnType<typeof spawnServer>> | undefined;
    let reason = "no answer";
    for (;;) {
      const claim = await readPostmaster(home.data);
      if (claim !== null && (await isServing(home.data, claim.pid))) {
        const answer = await connectTo(home, claim);
        if (answer.kind === "connected") {
          startedByUs = ours?.pid === claim.pid;
          if (!startedByUs && !(await hasKeeper(home, claim.pid))) await keep(claim.pid);
          return { server: claim, watch: answer.client };
        }
        reason = answer.reason;
      } else if (ours === undefined || ours.ended()) {
        if (starts++ === mostStarts || Date.now() > deadline) {
          throw new OpsError(
            "misconfigured",
            `The embedded PostgreSQL does not start. ${await lastLines(home)}`,
          );
        }
        await dropStaleClaims(home.data, home.socket);
        await initData(home, binaries);
        ours = await spawnServer(home, binaries);
        await keep(ours.pid);
      }
      if (Date.now() > deadline) {
        throw new OpsError(
          "timeout",
          `The embedded PostgreSQL in ${home.folder} gave no connection: ${reason}.`,
        );
      }
      await delay(5);
    }
  }

  function guard(running: Running): void {
    running.watch.once("end", () => {
      if (!ending.signal.aborted) recovery = recover();
    });
  }

  async function recover(): Promise<void> {
    options.log("the embedded database ended: starting it again");
    while (!ending.signal.aborted) {
      try {
        current = await start();
        guard(current);
        // Disposal may have begun while the server was coming up.
        if (ending.signal.aborted) await current.watch.end();
        return;
      } catch (error) {
        options.log(`the embedded database did not come back, trying again: ${String(error)}`);
        await delay(1_000);
      }
    }
  }

  let current = await start();
  guard(current);
  return {
    connection: await connectionOf(home, current.server),
    get startedByUs() {
      return startedByUs;
    },
    ...(notices.length > 0 && { notice: notices.join("; ") }),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await recovery;
      await current.watch.end();
      if (keeper === undefined) return;
      (await keeper).release();
      // The one that runs now may be another Signalman's, which started it after ours had crashed: it ends with that.
      if (kept !== current.server.pid) return;
      for (
        let waited = 0;
        waited < 10_000 && (await isServing(home.data, current.server.pid));
        waited += 10
      ) {
        await delay(10);
      }
    },
  };
}
