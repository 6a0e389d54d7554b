import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import type { Documents } from "../../../src/documents/load-documents.ts";
import { concludeWorld } from "./conclude-world.ts";
import type { PlayedModel } from "./play-model.ts";
import { type Score, scoreConclusion } from "./score.ts";
import type { World } from "./world.ts";

export interface RunOptions {
  documents: Documents;
  /** Null: rules draft. */
  model: PlayedModel | null;
  /** Shared by runs over the same worlds, so that each is looked into once. */
  gathered?: Map<World, Evidence>;
  repeat?: number;
  progress?: (done: number, of: number) => void;
}

/** Concludes and scores one world after the other: times are those of a machine that does nothing else. */
export async function runWorlds(
  worlds: Iterable<World>,
  count: number,
  { documents, model, gathered, repeat = 1, progress }: RunOptions,
): Promise<Score[]> {
  const scores: Score[] = [];
  for (const world of worlds) {
    for (let round = 0; round < repeat; round += 1) {
      model?.meet(world);
      const conclusion = await concludeWorld(world, {
        ladder: model?.ladder ?? null,
        documents,
        ...(gathered && { gathered }),
      });
      scores.push(scoreConclusion(world, conclusion));
      progress?.(scores.length, count * repeat);
    }
  }
  return scores;
}
