import { type Spawned, spawnSignalman } from "../../support/signalman.ts";
import { openBareDoor } from "./bare-door.ts";
import { type Part, startPart } from "./part.ts";
import { openPlace, type Place, type StoreName } from "../../support/place.ts";
import type { BenchOptions } from "./bench.ts";
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
  /** The process of the stand-ins, for what only some benches ask of it. */
  part: Part;
  seen(): Promise<Seen>;
}

export async function startWorld(plan: WorldPlan): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const part = stack.use(await startPart(standIns));
  const opened = await part.ask(openWorld, plan);
  const owned = stack.move();
  return {
    opened,
    part,
    seen: () => part.ask(whatWasSeen, null),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface Ours extends Contender {
  place: Place;
  processes: readonly Spawned[];
  world: World;
  /** One more process, on the same database; who starts it ends it. */
  spawn(role: Roles[number]): Promise<Spawned>;
}

export type Roles = readonly ("all" | "web" | "worker" | "executor")[];

/** One process for all that was brought along, else one for each role. */
export function allRoles(store: StoreName): Roles {
  return store === "embedded" ? ["all"] : ["web", "worker", "executor"];
}

/** Signalman as it is installed, one process a role, pointed at a world of its own; `prepare` comes before all of it. */
export async function startOurs(
  { store, profileFolder }: Pick<BenchOptions, "store" | "profileFolder">,
  roles: Roles,
  plan: Omit<WorldPlan, "dataFolder">,
  more: Readonly<Record<string, string>> = {},
  prepare: (place: Place) => Promise<void> = () => Promise.resolve(),
): Promise<Ours> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(store));
  await prepare(place);
  const world = stack.use(await startWorld({ ...plan, dataFolder: place.dataFolder }));
  const { settings, env } = world.opened;
  const profile = profileFolder === undefined ? {} : profiling(profileFolder);
  const processes: Spawned[] = [];
  const spawn = (role: Roles[number]) => {
    const options = { role, env: { ...env, ...place.env, ...profile, ...more } };
    return spawnSignalman({ settings, env }, place.folder, options);
  };
  for (const role of roles) processes.push(stack.use(await spawn(role)));
  const door = processes.find(({ doorUrl }) => doorUrl !== "")?.doorUrl;
  if (door === undefined) throw new Error(`none of the roles ${roles.join(", ")} has a door`);
  const owned = stack.move();
  return {
    url: `${door}/webhooks/${sourceIds.main}`,
    otherUrl: `${door}/webhooks/${sourceIds.other}`,
    place,
    processes,
    world,
    spawn,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function profiling(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}
