import { beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../../src/domain/alert.ts";
import type { IncidentId } from "../../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { isInvestigated, type IncidentState } from "../../../src/domain/incident/incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { ClaimedDelivery } from "../../../src/pipeline/ports/storage.ts";
import { type DrainDeps, drainSource } from "../../../src/pipeline/intake/drain-source.ts";
import { delivery, newIncidentId } from "../../contract/storage/story-of-streams.ts";
import { alertWith, assessmentWith } from "../../support/incident-fixtures.ts";
import { intakeDefaults, recordingDoorbell } from "../../support/intake-deps.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { typed } from "../../support/typed.ts";

const minute = 60_000;
const source = "alertmanager";
const silent = () => undefined;

let clock = movableClock();
let store = createInMemoryStore({ clock });
let deps: DrainDeps;

beforeEach(() => {
  clock = movableClock();
  store = createInMemoryStore({ clock });
  deps = {
    store,
    parse: ({ body }: ClaimedDelivery) => ({
      kind: "alerts",
      alerts: typed<Alert[]>(JSON.parse(new TextDecoder().decode(body))),
    }),
    ...intakeDefaults,
    services: [],
    newIncidentId,
    doorbell: recordingDoorbell(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };
});

/** One delivery of the source, its alerts all of one group. */
async function deliver(...alerts: Partial<Alert>[]): Promise<void> {
  const list = alerts.map((over) => alertWith({ groupHint: "checkout", ...over }));
  await store.inbox.accept({ ...delivery(source, null), body: Buffer.from(JSON.stringify(list)) });
}

async function hear(...alerts: Partial<Alert>[]): Promise<void> {
  await deliver(...alerts);
  await drainSource(source, deps);
}

function incidents(): IncidentState[] {
  return [...store.tables.incidents.values()].map(({ state }) => state);
}

function only(): IncidentState {
  const [first, ...others] = incidents();
  if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} incidents`);
  return first;
}

function eventTypes(id: IncidentId): string[] {
  const stream = streamOf("incident", id);
  return store.tables.events.filter((event) => event.stream === stream).map(({ type }) => type);
}

/** What of a stage waits. */
function waiting(stage: string): number {
  return [...store.tables.work.values()].filter((row) => row.stage === stage).length;
}

async function command(given: IncidentCommand): Promise<void> {
  const { id } = only();
  const loaded = await store.ledger.incident(id);
  const answer = decideIncident(given, loaded?.state ?? null, clock.now());
  if (loaded === null || answer.kind === "refused") throw new Error("refused");
  await store.ledger.commit({
    writes: [
      {
        kind: "incident",
        stream: streamOf("incident", id),
        id,
        expectedVersion: loaded.version,
        events: answer.events,
      },
    ],
  });
}

/** As the investigation leaves it. */
async function investigate(): Promise<void> {
  const work = await store.work.claim("investigate", only().id, 1000);
  if (work === null) throw new Error("nothing to investigate");
  await store.work.finish(work);
  await command({ command: "record_evidence", bodyId: "b", hash: "h", items: 1, gaps: [] });
  await command({
    command: "record_assessment",
    assessment: assessmentWith({ candidateId: null, abstention: "It was the deploy." }),
    candidates: [],
    transcript: null,
  });
}

describe("an incident that does not resolve", () => {
  beforeEach(async () => {
    await hear({});
    await investigate();
  });

  test("is looked at anew when another alert begins to fire long after the findings", async () => {
    clock.advance(31 * minute);
    const heardAt = clock.now();
    await hear({ fingerprint: "a2", title: "Search is slow" });
    expect(eventTypes(only().id).slice(-2)).toEqual(["investigation_renewed", "alert_joined"]);
    expect(isInvestigated(only())).toBe(false);
    expect(only()).toMatchObject({ evidence: null, assessment: null, noChange: null });
    expect(only().episodeStartedAt).toBe(heardAt);
    expect(waiting("investigate")).toBe(1);
  });

  test("keeps its findings for an alert that begins to fire soon after them", async () => {
    clock.advance(29 * minute);
    await hear({ fingerprint: "a2" });
    expect(isInvestigated(only())).toBe(true);
    expect(waiting("investigate")).toBe(0);
    expect(only().alertCount).toBe(2);
  });

  test("keeps its findings while what fires is repeated or ends", async () => {
    clock.advance(300 * minute);
    await hear({});
    await hear({ fingerprint: "a9", status: "resolved", endedAt: clock.now() });
    expect(isInvestigated(only())).toBe(true);
    expect(waiting("investigate")).toBe(0);
  });

  test("is looked at anew also where policy had let nothing be drafted", async () => {
    await command({
      command: "withhold",
      decision: {
        kind: "constrain",
        mode: "search_only",
        rule: "control_mode",
        reasons: [],
        controls: [],
        policyHash: "",
        hardAuthorization: "",
        guardrails: [],
      },
    });
    clock.advance(31 * minute);
    await hear({ fingerprint: "a2" });
    expect(only().withheld).toBeNull();
    expect(waiting("investigate")).toBe(1);
  });

  test("is looked at anew once for a storm of new alerts", async () => {
    clock.advance(31 * minute);
    await hear({ fingerprint: "a2" }, { fingerprint: "a3" });
    await hear({ fingerprint: "a4" });
    expect(eventTypes(only().id).filter((type) => type === "investigation_renewed")).toHaveLength(1);
    expect(waiting("investigate")).toBe(1);
  });
});

describe("the order of arrival", () => {
  test("holds for two workers: what is resolved waits for what was firing", async () => {
    await deliver({});
    await deliver({ status: "resolved", endedAt: clock.now() });
    // The first worker has the firing one in its hands when the second comes.
    const [first] = await store.inbox.claim(source, 1, deps.leaseMs);
    await drainSource(source, deps);
    expect(incidents()).toEqual([]);
    if (first === undefined) throw new Error("nothing was claimed");
    await store.inbox.release([first]);
    await drainSource(source, deps);
    expect(only()).toMatchObject({ status: "resolved", alertCount: 1 });
  });

  test("is kept, and no time lost, when the store fails", async () => {
    await hear({});
    await deliver({ fingerprint: "a2" });
    await deliver({ fingerprint: "a2", status: "resolved", endedAt: clock.now() });
    const { ledger } = store;
    const away = new OpsError("unreachable", "The database is away.");
    const commit = () => Promise.reject(away);
    const failing: DrainDeps = { ...deps, store: { ...store, ledger: { ...ledger, commit } } };
    await expect(drainSource(source, failing)).rejects.toThrow("The database is away.");
    expect(only().alertCount).toBe(1);
    // No lease has to run out first.
    await drainSource(source, deps);
    expect(eventTypes(only().id)).toEqual([
      "incident_opened",
      "alert_joined",
      "alert_joined",
      "alert_resolved",
    ]);
  });

  test("is kept, and no time lost, when the store fails after some of a poisoned batch", async () => {
    await deliver({});
    await deliver({ fingerprint: "poison" });
    await deliver({ fingerprint: "a2" });
    const { parse } = deps;
    deps.parse = (given) => {
      const parsed = parse(given);
      if (parsed.kind === "alerts" && parsed.alerts.some(({ fingerprint }) => fingerprint === "poison")) {
        throw new Error("a fault that stays");
      }
      return parsed;
    };
    let commits = 0;
    const { ledger } = store;
    const commit: typeof ledger.commit = (given) => {
      commits += 1;
      if (commits === 3) throw new OpsError("unreachable", "The database is away.");
      return ledger.commit(given);
    };
    const failing: DrainDeps = { ...deps, store: { ...store, ledger: { ...ledger, commit } } };
    await expect(drainSource(source, failing)).rejects.toThrow("The database is away.");
    expect(await store.inbox.quarantined(10)).toHaveLength(1);
    await drainSource(source, deps);
    expect(only().alertCount).toBe(2);
  });

  test("is kept when a delivery is taken in at the second try only", async () => {
    await deliver({});
    await deliver({ status: "resolved", endedAt: clock.now() });
    const { parse } = deps;
    let calls = 0;
    deps.parse = (given) => {
      calls += 1;
      if (calls === 1) throw new Error("a fault that passes");
      return parse(given);
    };
    await drainSource(source, deps);
    expect(only().status).toBe("resolved");
    expect(await store.inbox.quarantined(10)).toEqual([]);
  });

  test("goes on past a delivery that can never be taken in, which is put aside with the reason", async () => {
    await deliver({});
    await deliver({ fingerprint: "a2" });
    const { parse } = deps;
    const [poison] = [...store.tables.inbox.keys()];
    deps.parse = (given) => {
      if (given.id === poison) throw new Error("a fault that stays");
      return parse(given);
    };
    await drainSource(source, deps);
    expect(only().alertCount).toBe(1);
    expect(await store.inbox.quarantined(10)).toMatchObject([
      { id: poison, reason: "Reading it failed 5 times: a fault that stays" },
    ]);
  });
});
