import { expect } from "vitest";
import { openStore } from "../../src/commands/store/open-store.ts";
import { loadDatabase } from "../../src/config/load-config.ts";
import { type ChangeState, evolveChange } from "../../src/domain/change/change.ts";
import { ChangeEvent } from "../../src/domain/change/events.ts";
import { IncidentEvent } from "../../src/domain/incident/events.ts";
import { evolveIncident, type IncidentState } from "../../src/domain/incident/incident.ts";
import { type LedgerEntry, toStored } from "../../src/domain/ledger/chain.ts";
import { streamFault } from "../../src/domain/ledger/verify.ts";
import { streamOf } from "../../src/domain/ledger/stream.ts";
import { MuteEvent } from "../../src/domain/mute/events.ts";
import { evolveMute, type MuteState } from "../../src/domain/mute/mute.ts";
import type { Ledger } from "../../src/pipeline/ports/storage.ts";
import { runSignalman } from "./signalman.ts";

/** The store of the Signalman that runs in `folder`, read beside it. */
export function readStore(folder: string, env: Record<string, string> = {}) {
  return openStore(loadDatabase({ env, cwd: folder }));
}

export interface Recorded {
  changes: ChangeState[];
  incidents: IncidentState[];
  /** Types of the events of one change, in order. */
  typesOf: (change: ChangeState) => string[];
  eventsOf: (change: ChangeState) => LedgerEntry[];
}

/** Folds every stream anew and expects what the projections hold; gives what was recorded, oldest first. */
export async function expectFolded(folder: string, env: Record<string, string> = {}): Promise<Recorded> {
  await using opened = await readStore(folder, env);
  return await expectFoldedAnew(opened.store.ledger);
}

/** The same of a ledger that is open already. Every event is read with the schemas of today. */
export async function expectFoldedAnew(ledger: Ledger): Promise<Recorded> {
  const entries = new Map<string, LedgerEntry[]>();
  const changes = (await ledger.changes({ limit: 1000 })).toReversed();
  for (const { state, version } of changes) {
    const events = await ledger.events(streamOf("change", state.id));
    entries.set(state.id, events);
    let folded: ChangeState | null = null;
    for (const entry of events) folded = evolveChange(state.id, folded, ChangeEvent.parse(whole(entry)));
    expect(state).toEqual(folded);
    expect(version).toBe(events.length);
    expect(streamFault(events.map(toStored))).toBeNull();
  }
  const incidents = (await ledger.incidents({ limit: 1000 })).toReversed();
  for (const { state, version } of incidents) {
    const events = await ledger.events(streamOf("incident", state.id));
    let folded: IncidentState | null = null;
    for (const entry of events) folded = evolveIncident(state.id, folded, IncidentEvent.parse(whole(entry)));
    expect(state).toEqual(folded);
    expect(version).toBe(events.length);
    expect(streamFault(events.map(toStored))).toBeNull();
  }
  for (const { state, version } of await ledger.mutes()) {
    const events = await ledger.events(streamOf("mute", state.service));
    let folded: MuteState | null = null;
    for (const entry of events) folded = evolveMute(state.service, folded, MuteEvent.parse(whole(entry)));
    expect(state).toEqual(folded);
    expect(version).toBe(events.length);
    expect(streamFault(events.map(toStored))).toBeNull();
  }
  const eventsOf = ({ id }: ChangeState) => entries.get(id) ?? [];
  return {
    changes: changes.map(({ state }) => state),
    incidents: incidents.map(({ state }) => state),
    eventsOf,
    typesOf: (change) => eventsOf(change).map(({ type }) => type),
  };
}

/** `signalman audit verify`, as an auditor types it. */
export async function expectAuditPasses(folder: string, env: Record<string, string> = {}): Promise<void> {
  const { code, output } = await runSignalman(["audit", "verify"], folder, env);
  expect(output).toMatch(/intact/i);
  expect(code).toBe(0);
}

function whole({ data, type, at }: LedgerEntry): Record<string, unknown> {
  return { ...data, type, at };
}
