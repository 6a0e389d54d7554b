import { openStatuses } from "../../domain/change/change.ts";
import type { ChangeId, IncidentId, Instant } from "../../domain/ids.ts";
import { later } from "../../domain/ids.ts";
import { type LedgerEntry, toStored } from "../../domain/ledger/chain.ts";
import { openCheckpoint, type TreeHead } from "../../domain/ledger/checkpoint.ts";
import { type StreamName, streamOf } from "../../domain/ledger/stream.ts";
import { streamFault } from "../../domain/ledger/verify.ts";
import type { Service } from "../../domain/service.ts";
import { tellRemoved } from "../../domain/story/tell-removed.ts";
import type { DecideDeps } from "../decide-now.ts";
import { readIncident } from "../people/read-incident.ts";
import type {
  ChangeRecord,
  ConsoleReads,
  IncidentRecord,
  Queues,
  StreamProof,
  ToldEvent,
} from "../ports/console-reads.ts";
import type { Store } from "../ports/storage.ts";
import { removedBodies } from "../removed-bodies.ts";
import { explainModes } from "./explain-modes.ts";
import { shownDelivery } from "./shown-delivery.ts";

export interface ConsoleDeps extends DecideDeps {
  store: Store;
  services: readonly Service[];
}

/** Of each stream. A storm's incident has thousands, and the proof of the stream shows all of them. */
const toldOfEach = 300;
const waitingOfEach = 5;
const parkedShown = 20;
/** Work is planned at most some months ahead: review dates. */
const farMs = 400 * 86_400_000;

/** What the console shows, read from the store alone; only modes ask the controls. */
export function consoleReads(deps: ConsoleDeps): ConsoleReads {
  const { store, services } = deps;
  const { ledger, inbox } = store;
  return {
    services: services.map(({ name }) => name),
    incidents: async (filter) => states(await ledger.incidents(filter)),
    incident: (id) => incidentRecord(id, deps),
    changes: async ({ open, limit }) =>
      states(await ledger.changes({ limit, ...(open && { statuses: openStatuses }) })),
    change: (id) => changeRecord(id, deps),
    plot: async (id) => (await readIncident(id, deps))?.plot ?? null,
    proof: (stream, fromVersion, limit) => proofOf(stream, fromVersion, limit, store),
    queues: () => queuesOf(store),
    quarantined: (limit, sourceId) => inbox.quarantined(limit, sourceId),
    delivery: async (id) => {
      const kept = await inbox.delivery(id);
      return kept === null ? null : shownDelivery(kept);
    },
    modes: () => explainModes(deps),
  };
}

function states<State>(loaded: readonly { state: State }[]): State[] {
  return loaded.map(({ state }) => state);
}

async function incidentRecord(id: IncidentId, deps: ConsoleDeps): Promise<IncidentRecord | null> {
  const view = await readIncident(id, deps);
  if (view === null) return null;
  const streams = [streamOf("incident", id), ...view.changes.map((change) => streamOf("change", change.id))];
  return { view, ...(await storyOf(streams, deps.store)) };
}

async function changeRecord(id: ChangeId, deps: ConsoleDeps): Promise<ChangeRecord | null> {
  const loaded = await deps.store.ledger.change(id);
  if (loaded === null) return null;
  const [view, story] = await Promise.all([
    readIncident(loaded.state.incidentId, deps),
    storyOf([streamOf("change", id)], deps.store),
  ]);
  return {
    change: loaded.state,
    incident: view?.incident ?? null,
    plot: view?.plot ?? null,
    evidenceRemovedAt: view?.evidenceRemovedAt ?? null,
    ...story,
  };
}

async function storyOf(
  streams: readonly StreamName[],
  { ledger, bodies }: Store,
): Promise<{ story: ToldEvent[]; storyIsCut: boolean }> {
  const read = await Promise.all(streams.map((stream) => ledger.events(stream, { limit: toldOfEach + 1 })));
  const newest = read.flatMap((entries) => entries.slice(-toldOfEach));
  const removed = await removedBodies(newest, bodies);
  const story = newest
    .map((entry) => {
      const { stream, version, at } = entry;
      return { stream, version, at, ...tellRemoved(entry, removed) };
    })
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return { story, storyIsCut: read.some(({ length }) => length > toldOfEach) };
}

async function proofOf(
  stream: StreamName,
  fromVersion: number,
  limit: number,
  { ledger, checkpoints, bodies }: Store,
): Promise<StreamProof | null> {
  const all = await ledger.events(stream);
  if (all.length === 0) return null;
  const entries = all.filter(({ version }) => version >= fromVersion).slice(0, limit);
  const fault = streamFault(all.map(toStored));
  const checkpoint = await coveringCheckpoint(all, checkpoints);
  const removed = await removedBodies(entries, bodies);
  return {
    stream,
    length: all.length,
    fault,
    checkpoint,
    entries: entries.map((entry) => proven(entry, removed)),
  };
}

/** Null where the newest entry has no position yet, or no checkpoint. */
async function coveringCheckpoint(
  all: readonly LedgerEntry[],
  checkpoints: Store["checkpoints"],
): Promise<TreeHead | null> {
  const positions = all.flatMap(({ position }) => position ?? []);
  if (positions.length < all.length) return null;
  const [covering] = await checkpoints.above(Math.max(...positions), 1);
  const opened = covering === undefined ? null : openCheckpoint(covering.note, null);
  return opened?.kind === "good" ? opened.head : null;
}

function proven(entry: LedgerEntry, removed: Record<string, Instant>): StreamProof["entries"][number] {
  const { version, position, at, prevHash, hash } = entry;
  return { version, position, at, prevHash, hash, ...tellRemoved(entry, removed) };
}

async function queuesOf(store: Store): Promise<Queues> {
  const now = await store.now();
  const [stages, next, parked, sources, unsequenced] = await Promise.all([
    store.work.totals(),
    store.work.waiting(later(now, farMs), waitingOfEach),
    store.work.parked(parkedShown),
    store.inbox.counts(),
    store.ledger.unsequenced(),
  ]);
  return { now, stages, next, parked, sources, unsequenced };
}
