import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWorld, type World, type WorldOptions } from "../../src/sandbox/world/create-world.ts";
import { createPlay } from "./incident-play.ts";
import { startSignalman, workFolder } from "./signalman.ts";

let building: Promise<unknown> = Promise.resolve();

/** One world after the other: an hour of history of three services takes a processor for itself. */
export function buildWorld(options: WorldOptions): Promise<World> {
  const built = building.then(() => createWorld(options));
  building = built.catch(() => undefined);
  return built;
}

export interface ShopOptions extends Omit<WorldOptions, "dataFolder"> {
  /** The shipped governance with other words, by file. */
  governance?: Record<string, (text: string) => string>;
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** A folder, a shop in trouble, and the real Signalman in this process that looks after it; all gone at the end. */
export async function openShop({ governance, ...options }: ShopOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder, ...options }));
  if (governance !== undefined) {
    world.settings["documents"] = { governance: reworded(governance, folder.path) };
  }
  const signalman = stack.use(await startSignalman(world, folder.path));
  const owned = stack.move();
  return {
    folder: folder.path,
    world,
    signalman,
    play: createPlay(world),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function reworded(changes: NonNullable<ShopOptions["governance"]>, folder: string): string {
  const copy = join(folder, "governance");
  cpSync(join(import.meta.dirname, "..", "..", "governance"), copy, { recursive: true });
  for (const [file, change] of Object.entries(changes)) {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    const other = change(text);
    if (other === text) throw new Error(`nothing was reworded in ${file}`);
    writeFileSync(path, other);
  }
  return copy;
}
