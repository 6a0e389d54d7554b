import { beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../../src/domain/alert.ts";
import { later } from "../../../src/domain/ids.ts";
import type { IncidentState } from "../../../src/domain/incident/incident.ts";
import { mostFiring } from "../../../src/domain/incident/heard-alerts.ts";
import { Inhibition } from "../../../src/domain/inhibition.ts";
import { decideMute, type MuteCommand } from "../../../src/domain/mute/decide-mute.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { Service } from "../../../src/domain/service.ts";
import { type DrainDeps, drainSource } from "../../../src/pipeline/intake/drain-source.ts";
import { createFiredBefore } from "../../../src/pipeline/intake/fired-before.ts";
import type { ClaimedDelivery, Commit } from "../../../src/pipeline/ports/storage.ts";
import { delivery, newIncidentId } from "../../contract/storage/story-of-streams.ts";
import { alertWith } from "../../support/incident-fixtures.ts";
import { intakeDefaults, recordingDoorbell } from "../../support/intake-deps.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { typed } from "../../support/typed.ts";

const minute = 60_000;
const source = "alertmanager";
const silent = () => undefined;

let clock = movableClock();
let store = createInMemoryStore({ clock });
let deps: DrainDeps;

const service = (name: string, over: Record<string, unknown> = {}) =>
  Service.parse({
    name,
    owner: "Omar",
    environments: { production: { project: "shop", environment: "prod" } },
    sources: [{ id: source, match: { service: name } }],
    ...over,
  });

beforeEach(() => {
  clock = movableClock();
  store = createInMemoryStore({ clock });
  deps = {
    ...intakeDefaults,
    store,
    parse: ({ body }: ClaimedDelivery) => ({
      kind: "alerts",
      alerts: typed<Alert[]>(JSON.parse(new TextDecoder().decode(body))),
    }),
    services: [service("checkout"), service("search")],
    newIncidentId,
    doorbell: recordingDoorbell(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };
});

async function hear(...alerts: Partial<Alert>[]): Promise<void> {
  const body = Buffer.from(JSON.stringify(alerts.map((over) => alertWith(over))));
  await store.inbox.accept({ ...delivery(source, null), body });
  await drainSource(source, deps);
}

/** Oldest first. */
function incidents(): IncidentState[] {
  return [...store.tables.incidents.values()].map(({ state }) => state);
}

/** Another process, with other settings. */
function restart(over: Partial<DrainDeps>): void {
  deps = { ...deps, ...over, firedBefore: createFiredBefore(store.ledger) };
}

const statuses = () => incidents().map(({ status }) => status);

async function mute(command: Partial<MuteCommand> = {}): Promise<void> {
  const loaded = await store.ledger.muteOf("checkout");
  const by = { userId: "U0MAYA", name: "Maya", reason: "upgrade" };
  const whole = typed<MuteCommand>({ command: "mute", forMs: 60 * minute, ...by, ...command });
  const answer = decideMute(whole, loaded?.state ?? null, clock.now());
  if (answer.kind === "refused") throw new Error(answer.reason);
  const stream = streamOf("mute", "checkout");
  const expectedVersion = loaded?.version ?? 0;
  await store.ledger.commit({
    writes: [{ kind: "mute", stream, id: "checkout", expectedVersion, events: answer.events }],
  });
}

function dueOf(stage: string) {
  return [...store.tables.work.values()].filter((row) => row.stage === stage).map(({ dueAt }) => dueAt);
}

const ended = { status: "resolved" } as const;

describe("settings that change while an alert fires", () => {
  const regional = { services: [service("checkout", { grouping: { by: ["region"] } })] };
  const alert = { fingerprint: "a", labels: { service: "checkout", region: "eu" } };

  test("leave it where it fires: its repeat opens no second incident, and its end is the incident's", async () => {
    await hear(alert);
    restart(regional);
    await hear(alert);
    expect(statuses()).toEqual(["open"]);
    await hear({ ...alert, ...ended });
    expect(statuses()).toEqual(["resolved"]);
  });

  test("hold for what begins afterwards, the same alert included", async () => {
    await hear(alert);
    restart(regional);
    await hear({ ...alert, fingerprint: "b" });
    expect(incidents().map(({ alertCount }) => alertCount)).toEqual([1, 1]);
    await hear({ ...alert, ...ended });
    expect(statuses()).toEqual(["resolved", "open"]);
    await hear(alert);
    expect(incidents().map(({ status, alertCount }) => [status, alertCount])).toEqual([
      ["resolved", 1],
      ["open", 2],
    ]);
  });

  test("do so for what an incident only counts, and for what another source told it", async () => {
    await hear(
      ...Array.from({ length: 60 }, (_, n) => ({ fingerprint: `f${n}`, labels: { service: "checkout" } })),
    );
    const [host] = incidents();
    expect(host?.otherAlerts.firing).toContain("f59");
    restart({ services: [] });
    await hear({ fingerprint: "f59", labels: { service: "checkout" } });
    // The same fingerprint of another source is another alert.
    const { sourceId: _, ...other } = alertWith({ fingerprint: "f59" });
    await hear({ ...other, sourceId: "datadog" });
    expect(incidents().map(({ alertCount }) => alertCount)).toEqual([60, 1]);
  });

  test("are looked at again where the store failed at the first question", async () => {
    await hear(alert);
    let fails = true;
    const before = createFiredBefore({
      incidents: (filter) => (fails ? Promise.reject(new Error("gone")) : store.ledger.incidents(filter)),
    });
    await expect(before.incidentOf({ sourceId: source, fingerprint: "a" })).rejects.toThrow("gone");
    fails = false;
    expect(await before.incidentOf({ sourceId: source, fingerprint: "a" })).toBe(incidents()[0]?.id);
  });
});

describe("a mute", () => {
  const ofCheckout = { fingerprint: "a", labels: { service: "checkout" } };

  test("does not hide alerts of other services that a muted one silences", async () => {
    deps.inhibitions = [
      Inhibition.parse({ when: { severity: "critical" }, silences: { severity: "warning" } }),
    ];
    await mute();
    await hear({ ...ofCheckout, severity: "critical" });
    await hear({ fingerprint: "own", severity: "warning", labels: { service: "checkout" } });
    await hear({ fingerprint: "other", severity: "warning", labels: { service: "search" } });
    expect(incidents().map(({ alertCount, mutedUntil }) => [alertCount, mutedUntil !== null])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  test("that was ended holds back no longer what flaps", async () => {
    await hear(ofCheckout, { ...ofCheckout, ...ended });
    for (let turn = 0; turn < 2; turn += 1) await hear(ofCheckout, { ...ofCheckout, ...ended });
    await mute();
    // Comes and goes while the service is muted.
    await hear(ofCheckout, { ...ofCheckout, ...ended });
    expect(incidents()[0]?.mutedUntil).not.toBeNull();
    await mute({ command: "unmute" });
    await hear(ofCheckout);
    expect(incidents()[0]?.flappingSince).toBe(clock.now());
    expect([incidents()[0]?.mutedUntil, dueOf("notify")]).toEqual([null, [clock.now()]]);
  });

  test("that ends at the very moment an incident opens does not hold it back", async () => {
    await mute();
    let isFirst = true;
    const ledger = {
      ...store.ledger,
      commit: async (given: Commit) => {
        // Between the question whether it is muted and the commit.
        if (isFirst) await mute({ command: "unmute" });
        isFirst = false;
        return store.ledger.commit(given);
      },
    };
    deps.store = { ...store, ledger };
    await hear(ofCheckout);
    expect(incidents()[0]?.mutedUntil).toBeNull();
    expect([dueOf("notify"), dueOf("investigate")]).toEqual([[clock.now()], [clock.now()]]);
  });

  test("is kept with the service also where the alert names no environment that is known", async () => {
    await mute();
    await hear({ ...ofCheckout, labels: { service: "checkout", env: "moon" } });
    expect(incidents()[0]).toMatchObject({ scope: null, mutedService: "checkout" });
    expect(dueOf("notify")).toEqual([later(clock.now(), 60 * minute)]);
  });
});

test("an incident that has no room left still hears what is worse", async () => {
  const labels = { service: "checkout" };
  await hear(
    ...Array.from({ length: mostFiring }, (_, n) => ({
      fingerprint: `f${n}`,
      severity: "warning" as const,
      labels,
    })),
  );
  await hear({ fingerprint: "one more", severity: "warning", labels });
  expect(incidents()[0]).toMatchObject({ alertCount: mostFiring, severity: "warning" });
  await hear({ fingerprint: "worse", severity: "critical", labels });
  await hear({ fingerprint: "as bad", severity: "critical", labels });
  expect(incidents()[0]).toMatchObject({ alertCount: mostFiring + 1, severity: "critical" });
  expect(incidents()[0]?.alerts.map(({ alert }) => alert.fingerprint)).toContain("worse");
});
