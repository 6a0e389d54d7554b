import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Trial } from "./trial.ts";

/** The trials are what the files of `trials` export under that name. */
export async function loadTrials(): Promise<Trial[]> {
  const folder = join(import.meta.dirname, "..", "trials");
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const loaded = await Promise.all(
    files.toSorted().map(async (file): Promise<readonly Trial[]> => {
      const loaded: unknown = await import(pathToFileURL(join(folder, file)).href);
      if (holdsTrials(loaded)) return loaded.trials;
      throw new Error(`test/faults/trials/${file} exports no trials`);
    }),
  );
  return loaded.flat();
}

function holdsTrials(loaded: unknown): loaded is { trials: readonly Trial[] } {
  return typeof loaded === "object" && loaded !== null && "trials" in loaded && Array.isArray(loaded.trials);
}
