import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { missing } from "./databases.ts";
import { freePort } from "../../src/adapters/postgres/embedded/free-port.ts";

export interface TestRedis extends AsyncDisposable {
  url: string;
  port: number;
}

/** One whose process can be killed and started again at the same place, where it knows nothing. */
export interface SingleRedis extends TestRedis {
  kill9(): Promise<void>;
  start(): Promise<void>;
}

/** Where the system's Redis lies; undefined, and said so, where there is none. */
export function redisBinary(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, "redis-server")).find((file) => existsSync(file));
  if (found === undefined) missing("redis-server (looked in PATH)");
  return found;
}

/**
 * A Redis of its own on loopback that keeps nothing. `more`: further arguments of `redis-server`; `at`: the port of one
 * that has ended, to come back there.
 */
export async function openRedis(
  binary: string,
  more: readonly string[] = [],
  at?: number,
): Promise<SingleRedis> {
  const folder = await mkdtemp("/tmp/signalman-redis-");
  const port = at ?? (await freePort());
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const launch = () => {
    const server = spawn(binary, [...place, "--save", "", "--appendonly", "no", ...more], {
      stdio: "ignore",
    });
    return { server, ended: new Promise((resolve) => server.once("exit", resolve)) };
  };
  let running = launch();
  const end = async (signal: NodeJS.Signals) => {
    running.server.kill(signal);
    await running.ended;
  };
  const url = `redis://127.0.0.1:${port}`;
  await answers(url, binary);
  return {
    url,
    port,
    kill9: () => end("SIGKILL"),
    async start() {
      running = launch();
      await answers(url, binary);
    },
    async [Symbol.asyncDispose]() {
      await end("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A cluster of one node that serves every slot. */
export async function openRedisCluster(binary: string): Promise<TestRedis> {
  const node = await openRedis(binary, ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
  const client = new Redis(node.url);
  await client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  while (!String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok")) await delay(25);
  client.disconnect();
  return { ...node, url: `redis-cluster://127.0.0.1:${node.port}` };
}

/** One sentinel that watches one master, `mymaster`. */
export async function openRedisSentinel(binary: string): Promise<TestRedis> {
  const stack = new AsyncDisposableStack();
  const master = stack.use(await openRedis(binary));
  const folder = await mkdtemp("/tmp/signalman-redis-");
  const config = path.join(folder, "sentinel.conf");
  await writeFile(config, `sentinel monitor mymaster 127.0.0.1 ${master.port} 1\n`);
  const port = await freePort();
  const server = spawn(
    binary,
    [config, "--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--sentinel"],
    { stdio: "ignore" },
  );
  stack.defer(async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  await answers(`redis://127.0.0.1:${port}`, binary);
  return {
    url: `redis-sentinel://127.0.0.1:${port}/mymaster`,
    port,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function answers(url: string, binary: string): Promise<void> {
  const client = new Redis(url, {
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    retryStrategy: () => 20,
  });
  client.on("error", () => undefined);
  const late = delay(10_000, undefined, { ref: false }).then(() => {
    throw new Error(`${binary} does not start`);
  });
  await Promise.race([client.ping(), late]);
  client.disconnect();
}
