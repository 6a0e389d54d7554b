import type { Instant } from "../ids.ts";
import type { LedgerEntry } from "../ledger/chain.ts";
import { bodyIdOf } from "./story.ts";
import { tellEntry } from "./tell-entry.ts";
import type { Told } from "./told.ts";

/** An entry in words, and since when what it has the hash of is gone. `removed`: by the id of the body. */
export function tellRemoved(entry: LedgerEntry, removed: Readonly<Record<string, Instant>>): Told {
  const told = tellEntry(entry);
  const gone = bodyIdOf(entry).flatMap((bodyId) => removed[bodyId] ?? []);
  const words = gone.map((at) => `what the hash is of was removed by retention on ${at}`);
  return { ...told, lines: [...told.lines, ...words] };
}
