import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../src/adapters/postgres/embedded/free-port.ts";
import { type Spawned, spawnSignalman } from "../../support/signalman.ts";
import { startWorld, type World } from "./contenders.ts";
import { openPlace, type Place, type StoreName } from "../../support/place.ts";
import { plainWorld } from "./steady-load.ts";
import { timeToListen } from "./time-to-listen.ts";

const bareProcess = new URL("bare-start-process.ts", import.meta.url);

/** Where Signalman is started over and over: a place with a world to point it at, and a cache of its own. */
export interface StartingPlace extends AsyncDisposable {
  /** Milliseconds until the door takes connections. It is ended again. */
  ours(): Promise<number>;
  /** The same of `node` alone, which has asked the same PostgreSQL one thing. */
  bare(): Promise<number>;
}

/** Nothing has run here: no data, no schema, nothing compiled before. */
export async function openStartingPlace(store: StoreName): Promise<StartingPlace> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(store));
  const world = stack.use(
    await startWorld({ ...plainWorld, withModel: false, dataFolder: place.dataFolder }),
  );
  const owned = stack.move();
  return {
    ours: () => startAndEnd(place, world),
    bare: () => startAndEndBare(place.env["DATABASE_URL"] ?? ""),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startAndEnd(place: Place, { opened: { settings, env } }: World): Promise<number> {
  const port = await freePort();
  const cache = { NODE_COMPILE_CACHE: join(place.folder, "compiled") };
  const pointed = { settings: { ...settings, server: { host: "127.0.0.1", port } }, env };
  const { ms, started } = await timeToListen<Spawned>(port, () =>
    spawnSignalman(pointed, place.folder, { env: { ...env, ...place.env, ...cache } }),
  );
  await started[Symbol.asyncDispose]();
  return ms;
}

async function startAndEndBare(databaseUrl: string): Promise<number> {
  const port = await freePort();
  const { ms, started } = await timeToListen(port, () => {
    const child = spawn(process.execPath, [fileURLToPath(bareProcess)], {
      env: { PATH: process.env["PATH"], DATABASE_URL: databaseUrl, PORT: String(port) },
      stdio: ["ignore", "ignore", "inherit"],
    });
    return Promise.resolve(child);
  });
  const ended = once(started, "exit");
  started.kill();
  await ended;
  return ms;
}
