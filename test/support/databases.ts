import { spawn } from "node:child_process";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";
import { Client, Pool, type PoolConfig } from "pg";
import { createEmbeddedPostgres } from "../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { serverAccount } from "../../src/adapters/postgres/embedded/server-account.ts";
import { plantCluster, plantSystemCluster } from "./cluster-template.ts";
import { initSystemCluster, systemPostgres } from "./system-postgres.ts";

/** A running server of its own, ended and removed on disposal. */
export interface TestServer extends AsyncDisposable {
  /** Makes an empty database and says how to reach it. */
  database(): Promise<PoolConfig>;
}

/** One whose process can be ended and started again on the same data. */
export interface SystemServer extends TestServer {
  kill(signal: "SIGKILL" | "SIGQUIT"): Promise<void>;
  start(): Promise<void>;
}

export interface TestDatabase {
  title: string;
  open: () => Promise<TestServer>;
}

/**
 * Connections for a test. `end` of a pool does not wait until its connections have closed, so that a server that
 * stops right after it still says so on them: an error that nobody listens to would end the test's process.
 */
export function openPool(connection: PoolConfig): Pool & AsyncDisposable {
  const pool = new Pool(connection);
  pool.on("error", () => undefined);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

/** The databases this machine can be tried on. One that is missing is named, and with `CI=true` it is a failure. */
export function availableDatabases(): TestDatabase[] {
  const embedded = { title: "embedded PostgreSQL", open: openEmbedded };
  const binaries = systemPostgres();
  if (binaries === undefined) {
    missing("postgres (looked in /usr/lib/postgresql/*/bin)");
    return [embedded];
  }
  return [embedded, { title: "system PostgreSQL", open: () => openSystem(binaries) }];
}

/** Says that something cannot be tested here. */
export function missing(what: string): void {
  if (process.env["CI"] === "true") throw new Error(`CI must have ${what}`);
  process.stdout.write(`not tested here, missing: ${what}\n`);
}

async function openEmbedded(): Promise<TestServer> {
  const folder = await mkdtemp("/tmp/signalman-db-");
  await chmod(folder, 0o711);
  const dataFolder = path.join(folder, "data");
  plantCluster(dataFolder);
  const server = await createEmbeddedPostgres({ dataFolder, log: () => undefined });
  return {
    database: () => emptyDatabase(server.connection),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A cluster of our own from the system's programs; it refuses root, so as root it runs as another account. */
export async function openSystem(binaries: string): Promise<SystemServer> {
  const folder = await mkdtemp("/tmp/signalman-pg-");
  const account = await serverAccount(undefined);
  if (account) await chown(folder, account.uid, account.gid);
  const options = { cwd: "/", ...(account && { uid: account.uid, gid: account.gid }) };
  const data = path.join(folder, "data");
  if (!plantSystemCluster(data)) await initSystemCluster(binaries, data, options);
  const connection = { host: folder, user: "signalman", database: "postgres" };
  const launch = () => {
    const server = spawn(
      path.join(binaries, "postgres"),
      ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "max_connections=100"],
      { ...options, stdio: "ignore" },
    );
    return { server, ended: new Promise((resolve) => server.once("exit", resolve)) };
  };
  let running = launch();
  const start = async () => {
    for (let tries = 0; !(await answers(connection)); tries++) {
      if (tries > 400) throw new Error(`PostgreSQL from ${binaries} does not start`);
      await delay(25);
      // After a kill -9 it refuses to start until the last of the old processes is gone.
      if (running.server.exitCode !== null || running.server.signalCode !== null) running = launch();
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    running.server.kill(signal);
    await running.ended;
  };
  await start();
  return {
    database: () => emptyDatabase(connection),
    start,
    kill: end,
    async [Symbol.asyncDispose]() {
      await end("SIGINT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(connection: PoolConfig): Promise<boolean> {
  const client = new Client(connection);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

let databases = 0;

async function emptyDatabase(connection: PoolConfig): Promise<PoolConfig> {
  const name = `test_${process.pid}_${databases++}`;
  const client = new Client(connection);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return { ...connection, database: name };
}
