import { type Spawned, spawnSignalman } from "../../support/signalman.ts";
import { openBareDoor } from "./bare-door.ts";
import type { BenchOptions } from "./bench.ts";
import { startPart } from "./part.ts";
import { openPlace, type Place } from "./place.ts";
import {
  openWorld,
  type Opened,
  sourceIds,
  sourceSecret,
  type WorldPlan,
  whatWasSeen,
  type Seen,
} from "./stand-ins.ts";

/** Something that takes alerts in, on a database of its own. */
export interface Contender extends AsyncDisposable {
  /** Where alerts are sent. */
  url: string;
  /** Where alerts of another source are sent. */
  otherUrl: string;
}

const bareDoor = new URL("bare-door-process.ts", import.meta.url);
const standIns = new URL("stand-ins-process.ts", import.meta.url);

export async function startBare(
  { store }: Pick<BenchOptions, "store">,
  { grouped, slack = null }: { grouped: boolean; slack?: Opened["slack"] | null },
): Promise<Contender> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(store));
  const connection = { ...(await place.connect()) };
  const part = stack.use(await startPart(bareDoor));
  const { url } = await part.ask(openBareDoor, { connection, secret: sourceSecret, grouped, slack });
  const owned = stack.move();
  return { url, otherUrl: url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface World extends AsyncDisposable {
  opened: Opened;
  seen(): Promise<Seen>;
}

export async function startWorld(plan: WorldPlan): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const part = stack.use(await startPart(standIns));
  const opened = await part.ask(openWorld, plan);
  const owned = stack.move();
  return {
    opened,
    seen: () => part.ask(whatWasSeen, null),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface Ours extends Contender {
  place: Place;
  processes: readonly Spawned[];
  world: World;
}

export type Roles = readonly ("all" | "web" | "worker" | "executor")[];

/** Signalman as it is installed, one process a role, pointed at a world of its own. */
export async function startOurs(
  { store, profileFolder }: Pick<BenchOptions, "store" | "profileFolder">,
  roles: Roles,
  plan: Omit<WorldPlan, "dataFolder">,
): Promise<Ours> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(store));
  const world = stack.use(await startWorld({ ...plan, dataFolder: place.dataFolder }));
  const { settings, env } = world.opened;
  const profile = profileFolder === undefined ? {} : profiling(profileFolder);
  const processes: Spawned[] = [];
  for (const role of roles) {
    const options = { role, env: { ...env, ...place.env, ...profile } };
    processes.push(stack.use(await spawnSignalman({ settings, env }, place.folder, options)));
  }
  const door = processes.find(({ doorUrl }) => doorUrl !== "")?.doorUrl;
  if (door === undefined) throw new Error(`none of the roles ${roles.join(", ")} has a door`);
  const owned = stack.move();
  return {
    url: `${door}/webhooks/${sourceIds.main}`,
    otherUrl: `${door}/webhooks/${sourceIds.other}`,
    place,
    processes,
    world,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function profiling(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}
