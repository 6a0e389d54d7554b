import { z } from "zod";
import { ChangeEvent } from "../../domain/change/events.ts";
import { ChangeId, IncidentId } from "../../domain/ids.ts";
import { IncidentEvent } from "../../domain/incident/events.ts";
import type { LedgerEntry } from "../../domain/ledger/chain.ts";
import { type AggregateKind, splitStream, streamOf, StreamName } from "../../domain/ledger/stream.ts";
import { type LedgerFault, streamFault } from "../../domain/ledger/verify.ts";
import { MuteEvent } from "../../domain/mute/events.ts";
import type { Ledger } from "../../pipeline/ports/storage.ts";
import { tellChange } from "./tell-change.ts";
import { tellIncident } from "./tell-incident.ts";
import { tellMuteEvent } from "./tell-mute.ts";
import { type Told, toldText } from "./told.ts";

/** The stream of a service's mutes, named as the ledger names it. */
const MuteStream = z
  .string()
  .regex(/^mute\/[a-z0-9][a-z0-9_.-]{0,62}$/i)
  .brand("MuteStream");

export const StoryId = z.union([ChangeId, IncidentId, MuteStream]);
export type StoryId = z.infer<typeof StoryId>;

/**
 * All that the ledger holds of one incident (with its changes), of one change or of one service's mutes, and whether
 * its chains hold.
 */
export interface Story {
  id: StoryId;
  streams: StreamName[];
  /** By time; within one instant by stream and version. */
  entries: LedgerEntry[];
  fault: LedgerFault | null;
}

/** Null when the ledger knows nothing of the id. */
export async function readStory(ledger: Ledger, id: StoryId): Promise<Story | null> {
  const streams = await streamsOf(ledger, id);
  const parts = await Promise.all(streams.map((stream) => ledger.events(stream)));
  if (parts[0] === undefined || parts[0].length === 0) return null;
  const fault = parts.map((entries) => streamFault(entries)).find((found) => found !== null) ?? null;
  const entries = parts
    .flat()
    .toSorted((a, b) => compare(a.at, b.at) || compare(a.stream, b.stream) || a.version - b.version);
  return { id, streams, entries, fault };
}

export function storyText({ id, streams, entries, fault }: Story): string {
  const several = streams.length > 1;
  const told = entries.map((entry) => {
    const { what, who, lines } = tellEntry(entry);
    const { id: subject } = splitStream(entry.stream);
    return toldText(entry.at, { what, who, lines: several && subject !== id ? [subject, ...lines] : lines });
  });
  const count = `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
  const chains = several ? `${streams.length} hash chains` : "hash chain";
  const state =
    fault === null
      ? `${chains} intact`
      : `BROKEN at ${fault.stream}, version ${fault.version}: ${fault.reason}`;
  return [`${id}: ${count}, ${state}`, "", ...told, ""].join("\n");
}

/** An entry that this version cannot read is shown as it stands: an audit leaves nothing out. */
export function tellEntry(entry: LedgerEntry): Told {
  const { type, at, data } = entry;
  const raw = { ...data, type, at };
  return (
    tellKnown(splitStream(entry.stream).kind, raw) ?? { what: type, who: "", lines: [JSON.stringify(data)] }
  );
}

function tellKnown(kind: AggregateKind, raw: object): Told | null {
  switch (kind) {
    case "change": {
      const event = ChangeEvent.safeParse(raw);
      return event.success ? tellChange(event.data) : null;
    }
    case "incident": {
      const event = IncidentEvent.safeParse(raw);
      return event.success ? tellIncident(event.data) : null;
    }
    case "mute": {
      const event = MuteEvent.safeParse(raw);
      return event.success ? tellMuteEvent(event.data) : null;
    }
  }
}

async function streamsOf(ledger: Ledger, id: StoryId): Promise<StreamName[]> {
  if (MuteStream.safeParse(id).success) return [StreamName.parse(id)];
  if (ChangeId.safeParse(id).success) return [streamOf("change", id)];
  return incidentStreams(ledger, IncidentId.parse(id));
}

async function incidentStreams(ledger: Ledger, id: IncidentId): Promise<StreamName[]> {
  const changes = await ledger.changesOfIncident(id);
  return [streamOf("incident", id), ...changes.map(({ state }) => streamOf("change", state.id))];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
