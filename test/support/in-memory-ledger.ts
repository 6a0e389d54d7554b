import { wellFormed } from "../../src/domain/well-formed.ts";
import { AuthorityState, evolveAuthority } from "../../src/domain/authority/authority.ts";
import { ChangeState, evolveChange, isOpen } from "../../src/domain/change/change.ts";
import { evolveIncident, IncidentState } from "../../src/domain/incident/incident.ts";
import {
  canonicalJson,
  canonicalText,
  chainHash,
  firstPrevHash,
  LedgerEntry,
  toStored,
} from "../../src/domain/ledger/chain.ts";
import { qualityEvents, qualityMarkOf } from "../../src/domain/guard/quality-mark.ts";
import { splitStream, streamOf } from "../../src/domain/ledger/stream.ts";
import { evolveMute, MuteState } from "../../src/domain/mute/mute.ts";
import { evolveNotice, NoticeState } from "../../src/domain/notice/notice.ts";
import { evolveStanding, StandingState } from "../../src/domain/standing/standing.ts";
import type { Commit, CommitResult, Ledger, Loaded, StreamWrite } from "../../src/pipeline/ports/storage.ts";
import { putOutsideChanges } from "./in-memory-outside-changes.ts";
import type { Clock } from "./in-memory-store.ts";
import { copyOf, putBody, type Tables } from "./in-memory-tables.ts";
import { putWaiting } from "./in-memory-work.ts";

export function inMemoryLedger(tables: Tables, clock: Clock): Ledger {
  const incidents = () => [...tables.incidents.values()];
  const changes = () => [...tables.changes.values()];
  return {
    async commit(commit) {
      const after = copyOf(tables);
      const refusal = writeAll(after, commit, clock);
      if (refusal !== null) return refusal;
      Object.assign(tables, after);
      return { kind: "committed" };
    },
    incident: async (id) => tables.incidents.get(id) ?? null,
    change: async (id) => tables.changes.get(id) ?? null,
    openIncidentByGroup: async (groupKey) =>
      incidents().find(
        ({ state }) => state.groupKey === groupKey.toWellFormed() && state.status !== "closed",
      ) ?? null,
    openChangeFor: async (environmentId, flagKey) =>
      changes().find(({ state }) => isOpen(state.status) && isOf(state, environmentId, flagKey)) ?? null,
    changesOfIncident: async (id) => changes().filter(({ state }) => state.incidentId === id),
    incidents: async ({ open, service, limit }) =>
      incidents()
        .filter(({ state }) => open === undefined || (state.status === "open") === open)
        .filter(({ state }) => service === undefined || state.scope?.service === service)
        .toReversed()
        .slice(0, limit),
    openIncidentCount: async (groupKeyPrefix) =>
      incidents().filter(
        ({ state }) => state.status === "open" && state.groupKey.startsWith(groupKeyPrefix.toWellFormed()),
      ).length,
    traceOf: async () => null,
    muteOf: async (service) => tables.mutes.get(service) ?? null,
    mutes: async () =>
      [...tables.mutes.values()].toSorted((a, b) => (a.state.service < b.state.service ? -1 : 1)),
    authorityOf: async (scope) => tables.authorities.get(scope) ?? null,
    authorities: async () =>
      [...tables.authorities.values()].toSorted((a, b) => (a.state.scope < b.state.scope ? -1 : 1)),
    standing: async (id) => tables.standings.get(id) ?? null,
    standings: async (now, of) =>
      [...tables.standings.values()]
        .filter(({ state: { status, bounds } }) => status !== "revoked" && bounds.until > now)
        .filter(
          ({ state: { bounds } }) =>
            of === undefined ||
            (bounds.ref.environmentId === of.environmentId && bounds.ref.key === of.flagKey),
        )
        .toReversed(),
    noticeOf: async (subject) => tables.notices.get(subject) ?? null,
    changes: async ({ statuses, flagKey, reviewBefore, order, limit }) => {
      const found = changes()
        .filter(({ state }) => statuses === undefined || statuses.includes(state.status))
        .filter(({ state }) => flagKey === undefined || state.proposal.plan.ref.key === flagKey)
        .filter(({ state: { status, closure } }) => {
          if (reviewBefore === undefined) return true;
          const reviewAt = closure?.reviewAt ?? null;
          return status === "closed" && reviewAt !== null && reviewAt < reviewBefore;
        });
      return (order === "oldest_first" ? found : found.toReversed()).slice(0, limit);
    },
    reviewQueue: async (lateSince) => {
      const waiting = changes().filter(({ state }) => state.status === "awaiting_approval");
      const chased = tables.events.filter(({ type, at }) => type === "approval_chased" && at >= lateSince);
      return {
        waiting: waiting.length,
        oldestSince: waiting[0]?.state.proposedAt ?? null,
        slaMisses: chased.filter(({ data }) => data["kind"] === "sla_missed").length,
      };
    },
    qualityMarks: async (since, limit) => {
      const found = tables.events
        .filter(({ type, at }) => at > since && qualityEvents.some((each) => each === type))
        .flatMap((entry) => {
          const { kind, id } = splitStream(entry.stream);
          const change = kind === "change" ? changes().find(({ state }) => state.id === id) : undefined;
          const requester = change?.state.proposal.action.actor.requester.kind ?? "source";
          const incident = tables.incidents.get(change?.state.incidentId ?? id);
          return requester === "source" ? [{ entry, service: incident?.state.scope?.service ?? "" }] : [];
        })
        .toSorted((a, b) => (a.entry.at < b.entry.at ? -1 : a.entry.at > b.entry.at ? 1 : 0));
      return found.slice(-limit).flatMap(({ entry, service }) => qualityMarkOf(entry, service) ?? []);
    },
    events: async (stream, { types, limit } = {}) =>
      tables.events
        .filter((entry) => entry.stream === stream && (types === undefined || types.includes(entry.type)))
        .slice(limit === undefined ? 0 : -limit),
    entries: async (fromPosition, limit) =>
      tables.events
        .filter((entry) => entry.position !== null && entry.position >= fromPosition)
        .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
        .slice(0, limit),
    stored: async (fromPosition, limit) =>
      tables.events
        .filter((entry) => entry.position !== null && entry.position >= fromPosition)
        .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
        .slice(0, limit)
        .map(toStored),
    size: async () => tables.events.filter((entry) => entry.position !== null).length,
    async sequence(limit) {
      let next = tables.events.filter((entry) => entry.position !== null).length;
      let given = 0;
      tables.events = tables.events.map((entry) => {
        if (entry.position !== null || given === limit) return entry;
        given += 1;
        return { ...entry, position: next++ };
      });
      return given;
    },
    unsequenced: async () => tables.events.filter((entry) => entry.position === null).length,
  };
}

/** In the order of the real one; `tables` is a copy that is thrown away where it answers a refusal. */
function writeAll(tables: Tables, commit: Commit, clock: Clock): CommitResult | null {
  const { finish } = commit;
  if (finish !== undefined) {
    const row = tables.work.get(finish.workId);
    if (row?.status !== "held" || row.epoch !== finish.epoch) return { kind: "lease_lost" };
    tables.work.delete(finish.workId);
  }
  for (const { id, settlement } of commit.settle ?? []) {
    const row = tables.inbox.get(id);
    if (row === undefined || row.settlement !== null) return { kind: "lease_lost" };
    tables.inbox.set(id, { ...row, settlement, settledAt: clock.now(), leaseUntil: null });
  }
  // Streams that exist come first: a linked change may open only after its origin has closed.
  for (const write of commit.writes.toSorted(
    (a, b) => Number(a.expectedVersion === 0) - Number(b.expectedVersion === 0),
  )) {
    const refusal = append(tables, write);
    if (refusal !== null) return refusal;
  }
  for (const body of commit.bodies ?? []) {
    putBody(tables, body, clock.now());
  }
  putOutsideChanges(tables, commit.outsideChanges ?? []);
  for (const { stage, subject } of commit.cancel ?? []) {
    for (const row of tables.work.values()) {
      if (row.status === "waiting" && row.stage === stage && row.subject === subject)
        tables.work.delete(row.id);
    }
  }
  for (const { dueAt, ...work } of commit.followUps ?? []) {
    const now = clock.now();
    putWaiting(tables, {
      ...work,
      id: String(++tables.lastWorkId),
      dueAt: dueAt ?? now,
      status: "waiting",
      attempt: 0,
      epoch: 0,
      leaseUntil: null,
      error: null,
      changedAt: now,
    });
  }
  return null;
}

function append(tables: Tables, write: StreamWrite): CommitResult | null {
  const { stream, expectedVersion, events } = write;
  if (events.length === 0) throw new Error(`commit: no events for ${stream}`);
  if (stream !== streamOf(write.kind, write.id)) {
    throw new Error(`commit: ${stream} is not the stream of ${write.kind} ${write.id}`);
  }
  const head = projectionOf(tables, write).get(write.id);
  if ((head?.version ?? 0) !== expectedVersion) return { kind: "stale", stream };
  const version = expectedVersion + events.length;
  const refusal = fold(tables, write, version);
  if (refusal !== null) return refusal;

  let prevHash = tables.events.findLast((entry) => entry.stream === stream)?.hash ?? firstPrevHash;
  events.forEach((event, index) => {
    const { type, at, ...data } = wellFormed(event);
    const part = { stream, version: expectedVersion + index + 1, type, at, data };
    const hash = chainHash(prevHash, canonicalText(part));
    const stored: unknown = JSON.parse(canonicalJson(data));
    tables.events.push(LedgerEntry.parse({ ...part, data: stored, position: null, prevHash, hash }));
    prevHash = hash;
  });
  return null;
}

function projectionOf(tables: Tables, { kind }: StreamWrite): Map<string, Loaded<object>> {
  switch (kind) {
    case "incident":
      return tables.incidents;
    case "change":
      return tables.changes;
    case "mute":
      return tables.mutes;
    case "authority":
      return tables.authorities;
    case "standing":
      return tables.standings;
    case "notice":
      return tables.notices;
  }
}

function fold(tables: Tables, write: StreamWrite, version: number): CommitResult | null {
  switch (write.kind) {
    case "incident":
      return foldIncident(tables, write, version);
    case "change":
      return foldChange(tables, write, version);
    case "mute":
      return foldMute(tables, write, version);
    case "authority": {
      let state = tables.authorities.get(write.id)?.state ?? null;
      for (const event of write.events) state = evolveAuthority(write.id, state, wellFormed(event));
      tables.authorities.set(write.id, frozen({ state: AuthorityState.parse(state), version }));
      return null;
    }
    case "standing": {
      let state = tables.standings.get(write.id)?.state ?? null;
      for (const event of write.events) state = evolveStanding(write.id, state, wellFormed(event));
      tables.standings.set(write.id, frozen({ state: StandingState.parse(state), version }));
      return null;
    }
    case "notice": {
      let state: NoticeState | null = null;
      for (const event of write.events) state = evolveNotice(write.id, wellFormed(event));
      tables.notices.set(write.id, frozen({ state: NoticeState.parse(state), version }));
      return null;
    }
  }
}

type WriteOf<Kind extends StreamWrite["kind"]> = Extract<StreamWrite, { kind: Kind }>;

function foldIncident(tables: Tables, write: WriteOf<"incident">, version: number): CommitResult | null {
  let state = tables.incidents.get(write.id)?.state ?? null;
  for (const event of write.events) state = evolveIncident(write.id, state, wellFormed(event));
  const after = IncidentState.parse(state);
  const taken = [...tables.incidents.values()].find(
    (each) =>
      each.state.id !== write.id && each.state.groupKey === after.groupKey && each.state.status !== "closed",
  );
  if (taken !== undefined && after.status !== "closed")
    return { kind: "group_busy", incidentId: taken.state.id };
  tables.incidents.set(write.id, frozen({ state: after, version }));
  return null;
}

function foldChange(tables: Tables, write: WriteOf<"change">, version: number): CommitResult | null {
  let state = tables.changes.get(write.id)?.state ?? null;
  for (const event of write.events) state = evolveChange(write.id, state, wellFormed(event));
  const after = ChangeState.parse(state);
  const { environmentId, key } = after.proposal.plan.ref;
  const taken = [...tables.changes.values()].find(
    (each) => each.state.id !== write.id && isOpen(each.state.status) && isOf(each.state, environmentId, key),
  );
  if (taken !== undefined && isOpen(after.status)) return { kind: "flag_busy", changeId: taken.state.id };
  tables.changes.set(write.id, frozen({ state: after, version }));
  return null;
}

function foldMute(tables: Tables, write: WriteOf<"mute">, version: number): null {
  let state = tables.mutes.get(write.id)?.state ?? null;
  for (const event of write.events) state = evolveMute(write.id, state, wellFormed(event));
  tables.mutes.set(write.id, frozen({ state: MuteState.parse(state), version }));
  return null;
}

function isOf(state: ChangeState, environmentId: string, flagKey: string): boolean {
  const { ref } = state.proposal.plan;
  return ref.environmentId === environmentId && ref.key === flagKey;
}

/** Whoever changes what was loaded, instead of committing events, is told at once. */
function frozen<State extends object>(loaded: Loaded<State>): Loaded<State> {
  Object.freeze(loaded);
  Object.freeze(loaded.state);
  return loaded;
}
