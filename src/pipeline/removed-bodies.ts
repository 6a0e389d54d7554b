import type { Instant } from "../domain/ids.ts";
import type { LedgerEntry } from "../domain/ledger/chain.ts";
import { bodyIdOf } from "../domain/story/story.ts";
import type { Store } from "./ports/storage.ts";

/** Bodies that these entries name and retention has removed: since when. */
export async function removedBodies(
  entries: readonly LedgerEntry[],
  bodies: Store["bodies"],
): Promise<Record<string, Instant>> {
  const removed: Record<string, Instant> = {};
  for (const bodyId of new Set(entries.flatMap(bodyIdOf))) {
    const at = await bodies.removedAt(bodyId);
    if (at !== null) removed[bodyId] = at;
  }
  return removed;
}
