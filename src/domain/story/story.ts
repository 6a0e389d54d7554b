import { z } from "zod";
import { ChangeId, IncidentId, type Instant, StandingId } from "../ids.ts";
import type { LedgerEntry } from "../ledger/chain.ts";
import type { StreamName } from "../ledger/stream.ts";
import type { EntryFault } from "../ledger/verify.ts";

/** A stream that has no id of its own kind, named as the ledger names it: of a service, or of what is told. */
export const OtherStream = z
  .string()
  .regex(/^(?:(?:mute|authority)\/[a-z0-9][a-z0-9_.-]{0,62}|authority\/\*|notice\/[!-~]{1,200})$/i)
  .brand("OtherStream");

export const StoryId = z.union([ChangeId, IncidentId, StandingId, OtherStream]);
export type StoryId = z.infer<typeof StoryId>;

/**
 * All that the ledger holds of one incident (with its changes), of one change, of one standing approval, of one
 * service's mutes or authority, and whether its chains hold.
 */
export interface Story {
  id: StoryId;
  streams: StreamName[];
  /** By time; within one instant by stream and version. */
  entries: LedgerEntry[];
  fault: EntryFault | null;
  /** Where its entries lie, and the size of the first checkpoint that covers all; null: none yet. */
  coverage: { from: number; to: number; checkpoint: number | null } | null;
  /** Bodies that entries name and retention has removed: since when. Their hashes stand in the entries. */
  removed: Record<string, Instant>;
}

/** The evidence of `evidence_gathered`, the exchange of `assessed`. */
const Naming = z.object({
  bodyId: z.string().optional(),
  transcript: z.object({ bodyId: z.string() }).nullish(),
});

export function bodyIdOf({ data }: LedgerEntry): string[] {
  const named = Naming.safeParse(data).data;
  return [named?.bodyId, named?.transcript?.bodyId].flatMap((id) => id ?? []);
}
