import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Other words in a file of `src`: `find` stands there exactly once, and `put` takes its place. */
export interface Patch {
  /** Relative to `src`, such as "pipeline/execute.ts". */
  file: string;
  find: string;
  put: string;
}

/** What a process finds in its environment when it is to be patched. Nothing in `bin` or `src` reads these. */
export const variables = { patches: "FAULTS_PATCHES", armed: "FAULTS_ARMED", clock: "FAULTS_CLOCK" } as const;

const module = new URL("patch-process.ts", import.meta.url);

export interface Patched {
  /** Variables for `spawnSignalman`, beside those of the world. */
  env: Record<string, string>;
  /**
   * Has the next process that passes this point killed there, or stopped. It strikes once, whoever comes by. Answers
   * a file that exists from the moment it has struck.
   */
  arm(point: string, signal?: "SIGKILL" | "SIGSTOP"): string;
}

/** Writes the patches below `folder` and gives what a process needs to run with them. */
export function writePatches(folder: string, patches: readonly Patch[]): Patched {
  const armed = join(folder, "armed");
  mkdirSync(armed, { recursive: true });
  const file = join(folder, "patches.json");
  writeFileSync(file, JSON.stringify(patches));
  return {
    env: {
      NODE_OPTIONS: `--import=${module.href}`,
      // What is loaded before the launcher has a cache would be stripped of its types anew in each life.
      NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
      [variables.patches]: file,
      [variables.armed]: armed,
    },
    arm(point, signal = "SIGKILL") {
      writeFileSync(join(armed, point), signal);
      return join(armed, struckName(point));
    },
  };
}

/** The name that an armed point's file has once it has struck. */
export function struckName(point: string): string {
  return `${point}.struck`;
}

/** The files that the patches touch, with the patches in them. Throws, by file and text, at one that does not fit. */
export function patchedTexts(
  patches: readonly Patch[],
  read: (file: string) => string,
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, put } of patches) {
    const text = texts.get(file) ?? read(file);
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`src/${file} has this text ${times} times, not once: ${find}`);
    texts.set(
      file,
      text.replace(find, () => put),
    );
  }
  return texts;
}
