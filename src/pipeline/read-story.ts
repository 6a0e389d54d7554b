import { ChangeId, IncidentId, StandingId } from "../domain/ids.ts";
import { type LedgerEntry, toStored } from "../domain/ledger/chain.ts";
import { streamOf, StreamName } from "../domain/ledger/stream.ts";
import { streamFault } from "../domain/ledger/verify.ts";
import { OtherStream, type Story, type StoryId } from "../domain/story/story.ts";
import type { Store } from "./ports/storage.ts";
import { removedBodies } from "./removed-bodies.ts";

/** Null when the ledger knows nothing of the id. */
export async function readStory(
  { ledger, bodies, checkpoints }: Pick<Store, "ledger" | "bodies" | "checkpoints">,
  id: StoryId,
): Promise<Story | null> {
  const streams = await streamsOf(ledger, id);
  const parts = await Promise.all(streams.map((stream) => ledger.events(stream)));
  if (parts[0] === undefined || parts[0].length === 0) return null;
  const fault =
    parts.map((entries) => streamFault(entries.map(toStored))).find((found) => found !== null) ?? null;
  const entries = parts
    .flat()
    .toSorted((a, b) => compare(a.at, b.at) || compare(a.stream, b.stream) || a.version - b.version);
  const removed = await removedBodies(entries, bodies);
  const coverage = await coverageOf(entries, checkpoints);
  return { id, streams, entries, fault, coverage, removed };
}

/** Null where the newest has no position yet. */
async function coverageOf(
  entries: readonly LedgerEntry[],
  checkpoints: Store["checkpoints"],
): Promise<Story["coverage"]> {
  const positions = entries.flatMap(({ position }) => position ?? []);
  if (positions.length < entries.length) return null;
  const [from, to] = [Math.min(...positions), Math.max(...positions)];
  const [covering] = await checkpoints.above(to, 1);
  return { from, to, checkpoint: covering?.size ?? null };
}

async function streamsOf(ledger: Store["ledger"], id: StoryId): Promise<StreamName[]> {
  if (OtherStream.safeParse(id).success) return [StreamName.parse(id)];
  if (StandingId.safeParse(id).success) return [streamOf("standing", id)];
  if (ChangeId.safeParse(id).success) return [streamOf("change", id)];
  return incidentStreams(ledger, IncidentId.parse(id));
}

async function incidentStreams(ledger: Store["ledger"], id: IncidentId): Promise<StreamName[]> {
  const changes = await ledger.changesOfIncident(id);
  return [streamOf("incident", id), ...changes.map(({ state }) => streamOf("change", state.id))];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
