import type { TreeHead } from "../../domain/ledger/checkpoint.ts";
import type { NoteKey } from "../../domain/ledger/signed-note.ts";

/** What is kept of the ledger where the database's administrator cannot write: the signing key and the newest checkpoint. */
export interface Notary {
  /** Signs under the name of the head's origin, once our public key is listed; answers the note. */
  sign(head: TreeHead): Promise<string>;
  /** Keys whose checkpoints of this ledger count: ours, and former ones that are still listed. */
  keys(origin: string): Promise<NoteKey[]>;
  /** The newest checkpoint that was put here; null before the first. Throws `OpsError` where it cannot be read. */
  newest(): Promise<string | null>;
  /** Puts a checkpoint in the place of an older one, whole or not at all. */
  keep(note: string): Promise<void>;
}
