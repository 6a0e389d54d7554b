import type { World, WorldOptions } from "../../../src/sandbox/world/create-world.ts";
import type { StoreName } from "../../support/place.ts";
import type { Random } from "../../support/random.ts";
import type { Patch } from "./patches.ts";
import type { Lane } from "./lane.ts";

/** What a lane is like. Trials that need the same share lanes: a fresh world costs seconds. */
export interface LaneKind {
  /** Names it in the trace; equal names are the same kind. */
  name: string;
  /** Roles of the processes of Signalman; one of all roles where it is left out. Two of "all" are two replicas. */
  roles?: readonly string[];
  world?: Partial<Omit<WorldOptions, "dataFolder" | "port">>;
  /** Other words in `src`, beside those of every lane (`hurry.ts`). */
  patches?: readonly Patch[];
  /**
   * Between the world and Signalman: changes what Signalman is pointed at (a proxy in place of FeatBit, other time
   * limits). What it starts is put on `stack`, which is undone after Signalman has ended.
   */
  point?(pointing: Pointing): void | Promise<void>;
  /** Signalman is started by the trial itself, not before it. */
  startedByTrial?: boolean;
  /** Trials that one lane takes, one after the other; 13 where it is left out. */
  mostTrials?: number;
  /** Its load takes a processor for itself. */
  heavy?: boolean;
}

export interface Pointing {
  world: World;
  /** `signalman.yml`, to be changed in place. */
  settings: Record<string, unknown>;
  /** Variables, to be changed in place; those of the database and of Redis stand in it already. */
  env: Record<string, string>;
  store: StoreName;
  stack: AsyncDisposableStack;
}

/**
 * One or more faults on a lane. After each trial the lane is drained and judged, so a trial itself looks only for what
 * is particular to it: that its fault has struck, and the end state that it must reach.
 */
export interface Trial {
  /** Stable: `--only` finds it by this and by the name of the store. */
  name: string;
  /** Groups trials in the report, such as "crash point". */
  kind: string;
  /** Where it makes sense; everywhere where it is left out. */
  stores?: readonly StoreName[];
  lane: LaneKind;
  /** How often it is done at most, each time with other draws; 1 and 5 where it is left out. */
  times?: { quick: number; full: number };
  /** Answers how many faults were injected; throws where the end state is not reached. */
  run(lane: Lane, draw: Random): Promise<number>;
}
