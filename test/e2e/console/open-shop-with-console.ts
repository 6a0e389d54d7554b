import { buildWorld } from "../../support/open-shop.ts";
import { createPlay } from "../../support/incident-play.ts";
import { startSignalman, workFolder } from "../../support/signalman.ts";

export const token = "a-token-of-the-console";

/** A shop in trouble, and the real Signalman that looks after it and shows its console. */
export async function openShopWithConsole(console: Record<string, unknown> = { port: 0 }) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder }));
  const pointed = { settings: { ...world.settings, console }, env: { ...world.env, CONSOLE_TOKEN: token } };
  const signalman = stack.use(await startSignalman(pointed, folder.path));
  const owned = stack.move();
  return {
    world,
    signalman,
    play: createPlay(world),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
