import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { missing } from "./databases.ts";

export interface TestRedis extends AsyncDisposable {
  url: string;
}

/** Where the system's Redis lies; undefined, and said so, where there is none. */
export function redisBinary(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, "redis-server")).find((file) => existsSync(file));
  if (found === undefined) missing("redis-server (looked in PATH)");
  return found;
}

/** A Redis of its own on loopback that keeps nothing. */
export async function openRedis(binary: string): Promise<TestRedis> {
  const port = await freePort();
  const server = spawn(
    binary,
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"],
    { stdio: "ignore" },
  );
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on("error", () => undefined);
  await Promise.race([
    client.ping(),
    delay(10_000).then(() => {
      throw new Error(`${binary} does not start`);
    }),
  ]);
  client.disconnect();
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
