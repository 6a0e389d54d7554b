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

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** A folder, a shop in trouble, and the real Signalman in this process that looks after it; all gone at the end. */
export async function openShop(options: Omit<WorldOptions, "dataFolder"> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder, ...options }));
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
