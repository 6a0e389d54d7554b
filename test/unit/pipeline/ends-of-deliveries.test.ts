import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { z } from "zod";
import { CorrelationId, DeliveryId, IncidentId } from "../../../src/domain/ids.ts";
import { Alert } from "../../../src/domain/alert.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { Service } from "../../../src/domain/service.ts";
import type { ParseDelivery } from "../../../src/pipeline/ports/intake.ts";
import { type DrainDeps, drainSource } from "../../../src/pipeline/intake/drain-source.ts";
import { alertWith } from "../../support/incident-fixtures.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { intakeDefaults, recordingDoorbell } from "../../support/intake-deps.ts";
import { Crash } from "../../support/in-memory-store.ts";
import { createWorld, type World } from "./world.ts";

const sourceId = "alertmanager";
const leaseMs = 30_000;
const reopenWithinMs = 3_600_000;
const group = "service/checkout/production";
const checkout = Service.parse({
  name: "checkout",
  owner: "Omar",
  environments: { production: { project: "shop", environment: "prod" } },
  sources: [{ id: sourceId, match: { service: "checkout" } }],
});

let delivered = 0;

/** A delivery whose body stands for these alerts. */
async function deliver(
  world: World,
  alerts: readonly (Alert | "unreadable")[] | "rubbish" | "poison",
  from = sourceId,
): Promise<DeliveryId> {
  delivered += 1;
  const id = DeliveryId.parse(`6f1c1a52-0000-4000-8000-${String(delivered).padStart(12, "0")}`);
  await world.store.inbox.accept({
    id,
    correlationId: CorrelationId.parse(`cor-${delivered}`),
    sourceId: from,
    deliveryKey: null,
    headers: {},
    body: Buffer.from(JSON.stringify(alerts)),
  });
  return id;
}

const parse: ParseDelivery = ({ body }) => {
  const content: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
  if (content === "rubbish") return { kind: "unmappable", reason: "no alerts in it" };
  if (content === "poison") throw new Error("a bug in the reader");
  const parts = z.array(z.union([Alert, z.literal("unreadable")])).parse(content);
  const alerts = parts.filter((part) => part !== "unreadable");
  const unread = alerts.length === parts.length ? {} : { unread: "alerts.1.status: unknown" };
  return { kind: "alerts", alerts, ...unread };
};

function depsOf(world: World, over: Partial<DrainDeps> = {}): DrainDeps {
  let made = 0;
  const { store, log } = world;
  const newIncidentId = () => IncidentId.parse(`INC-${String(++made).padStart(9, "0")}A`);
  return {
    ...intakeDefaults,
    store,
    parse,
    services: [checkout],
    newIncidentId,
    doorbell: recordingDoorbell(),
    log,
    leaseMs,
    reopenWithinMs,
    ...over,
  };
}

const drain = (world: World, deps = depsOf(world)) => drainSource(sourceId, deps);
const incidents = async (world: World) =>
  (await world.store.ledger.incidents({ limit: 1000 })).map(({ state }) => state);
const outcomeOf = (world: World, id: DeliveryId) => world.store.tables.inbox.get(id)?.settlement ?? null;
const waitingFor = async (world: World, stage: string) =>
  (await world.store.work.waiting(world.clock.now(), 100)).filter((row) => row.stage === stage);

describe("a delivery", () => {
  test("opens an incident for its service, to be shown and investigated", async () => {
    const world = createWorld();
    const id = await deliver(world, [alertWith(), alertWith({ fingerprint: "a2", severity: "critical" })]);
    await drain(world);
    const [incident, ...others] = await incidents(world);
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      groupKey: group,
      status: "open",
      severity: "critical",
      alertCount: 2,
      scope: { service: "checkout", project: "shop", environment: "prod" },
      requester: { kind: "source", sourceId },
    });
    expect(outcomeOf(world, id)).toEqual({ outcome: "joined", incidentIds: [incident?.id] });
    expect(await waitingFor(world, "investigate")).toHaveLength(1);
    expect(await waitingFor(world, "notify")).toHaveLength(1);
  });

  test("of no known service opens one too, without a scope", async () => {
    const world = createWorld();
    await deliver(world, [alertWith({ labels: {}, title: "Disk full" })]);
    await drain(world);
    expect(await incidents(world)).toMatchObject([{ scope: null, groupKey: `source/${sourceId}/Disk full` }]);
  });

  test("with an environment called like a property of every object opens one too", async () => {
    const world = createWorld();
    const labels = { service: "checkout", environment: "constructor" };
    const id = await deliver(world, [alertWith({ labels })]);
    await drain(world);
    expect(outcomeOf(world, id)).toMatchObject({ outcome: "joined" });
    expect(await incidents(world)).toMatchObject([{ scope: null }]);
  });

  test("of several groups goes to several incidents in one commit", async () => {
    const world = createWorld();
    const other = alertWith({ labels: {}, fingerprint: "a2", title: "Disk full" });
    const id = await deliver(world, [alertWith(), other]);
    await drain(world);
    const ids = (await incidents(world)).map((incident) => incident.id);
    expect(ids).toHaveLength(2);
    const settled = outcomeOf(world, id);
    expect(settled?.outcome === "joined" ? settled.incidentIds.toSorted() : null).toEqual(ids.toSorted());
    expect(world.store.commits).toHaveLength(1);
  });

  test("that says the same again adds nothing to the ledger and rings nobody", async () => {
    const world = createWorld();
    await deliver(world, [alertWith()]);
    await drain(world);
    const events = world.store.tables.events.length;
    const rows = world.store.tables.work.size;
    const again = await deliver(world, [alertWith({ title: "Checkout errors, still" })]);
    await drain(world);
    expect(world.store.tables.events).toHaveLength(events);
    expect(world.store.tables.work.size).toBe(rows);
    expect(outcomeOf(world, again)).toMatchObject({ outcome: "joined" });
  });

  test("that can be read in part opens incidents for that part, and is in quarantine for the rest", async () => {
    const world = createWorld();
    const id = await deliver(world, [alertWith(), "unreadable", alertWith({ fingerprint: "a2" })]);
    await drain(world);
    expect(await incidents(world)).toMatchObject([{ groupKey: group, alertCount: 2 }]);
    const reason = "2 alerts of it taken in, the rest not: alerts.1.status: unknown";
    expect(outcomeOf(world, id)).toEqual({ outcome: "quarantined", reason });
    expect(await waitingFor(world, "tell")).toHaveLength(1);

    const events = world.store.tables.events.length;
    expect(await world.store.inbox.requeue(id, "Olga")).toBe(true);
    await drain(world);
    expect(world.store.tables.events).toHaveLength(events);
    expect(outcomeOf(world, id)).toEqual({ outcome: "quarantined", reason });
  });

  test("that resolves what nobody opened is noted as such", async () => {
    const world = createWorld();
    const id = await deliver(world, [alertWith({ status: "resolved" })]);
    await drain(world);
    expect(await incidents(world)).toEqual([]);
    expect(outcomeOf(world, id)).toMatchObject({ outcome: "noted", what: expect.stringMatching(/resolved/) });
  });

  test("that carries no alerts is noted, and not taken for the end of something", async () => {
    const world = createWorld();
    const id = await deliver(world, []);
    await drain(world);
    expect(outcomeOf(world, id)).toEqual({ outcome: "noted", what: "It carries no alerts." });
  });

  test("that cannot be read as alerts is put aside with the reason", async () => {
    const world = createWorld();
    await deliver(world, "rubbish");
    await deliver(world, [alertWith()]);
    await drain(world);
    expect(await world.store.inbox.quarantined(10)).toMatchObject([{ reason: "no alerts in it" }]);
    expect(await incidents(world)).toHaveLength(1);
  });

  test("that is poison does not hold up the others, is tried five times, and is put aside", async () => {
    const world = createWorld();
    const poison = await deliver(world, "poison");
    await deliver(world, [alertWith()]);
    await drain(world);
    expect(outcomeOf(world, poison)).toMatchObject({
      outcome: "quarantined",
      reason: expect.stringMatching(/5 times: a bug in the reader/),
    });
    expect(await incidents(world)).toHaveLength(1);
    expect(world.logged.some(({ level }) => level === "error")).toBe(true);
  });
});

const resolve = async (world: World) => {
  await deliver(world, [alertWith()]);
  await drain(world);
  await deliver(world, [alertWith({ status: "resolved" })]);
  await drain(world);
  expect(await incidents(world)).toMatchObject([{ status: "resolved" }]);
  world.store.tables.work.clear();
};

describe("an incident that resolved", () => {
  test("and fires again soon is the same, investigated anew", async () => {
    const world = createWorld();
    const deps = depsOf(world);
    await resolve(world);
    world.clock.advance(reopenWithinMs);
    await deliver(world, [alertWith()]);
    await drain(world, deps);
    expect(await incidents(world)).toMatchObject([{ status: "open", alertCount: 1 }]);
    expect(await waitingFor(world, "investigate")).toHaveLength(1);
  });

  test("and fires again much later is closed, and a new one opens in the same commit", async () => {
    const world = createWorld();
    await resolve(world);
    world.clock.advance(reopenWithinMs + 1);
    const commits = world.store.commits.length;
    await deliver(world, [alertWith()]);
    await drainSource(sourceId, depsOf(world, { newIncidentId: () => IncidentId.parse("INC-000000000Z") }));
    expect(await incidents(world)).toMatchObject([
      { id: "INC-000000000Z", status: "open" },
      { status: "closed" },
    ]);
    expect(world.store.commits).toHaveLength(commits + 1);
  });

  test("stays as it is when it resolves once more", async () => {
    const world = createWorld();
    await resolve(world);
    world.clock.advance(reopenWithinMs + 1);
    const id = await deliver(world, [alertWith({ status: "resolved" })]);
    await drain(world);
    expect(await incidents(world)).toMatchObject([{ status: "resolved" }]);
    expect(outcomeOf(world, id)).toMatchObject({ outcome: "joined" });
  });
});

describe("workers that race", () => {
  test("for one group from several sources open one incident, and every delivery joins it", async () => {
    const world = createWorld();
    const sources = ["alertmanager", "grafana", "datadog", "pager"];
    const services = [{ ...checkout, sources: sources.map((id) => ({ id, match: {} })) }];
    const deps = depsOf(world, { services });
    const ids: DeliveryId[] = [];
    for (const from of sources) {
      ids.push(await deliver(world, [alertWith({ sourceId: from, fingerprint: from })], from));
    }
    await Promise.all(sources.map((from) => drainSource(from, deps)));
    expect(world.store.commits.some(({ result }) => result.kind === "group_busy")).toBe(true);
    const all = await incidents(world);
    expect(all).toMatchObject([{ groupKey: group, alertCount: sources.length }]);
    for (const id of ids) {
      expect(outcomeOf(world, id)).toEqual({ outcome: "joined", incidentIds: [all[0]?.id] });
    }
  });

  test("open one incident for one group, and every delivery joins it", async () => {
    const world = createWorld();
    let made = 0;
    const newIncidentId = () => IncidentId.parse(`INC-${String(++made).padStart(9, "0")}B`);
    const ids: DeliveryId[] = [];
    for (let index = 0; index < 20; index += 1) {
      ids.push(await deliver(world, [alertWith({ fingerprint: `a${index}` })]));
    }
    // Each gets one delivery, as if they had claimed at the same moment.
    const { inbox } = world.store;
    const one = { ...world.store, inbox: { ...inbox, claim: (id: string) => inbox.claim(id, 1, leaseMs) } };
    const deps = depsOf(world, { store: one, newIncidentId });
    while ((await inbox.waitingSources()).length > 0) {
      await Promise.all(Array.from({ length: 8 }, () => drainSource(sourceId, deps)));
    }
    const all = await incidents(world);
    expect(all).toMatchObject([{ alertCount: 20 }]);
    for (const id of ids)
      expect(outcomeOf(world, id)).toEqual({ outcome: "joined", incidentIds: [all[0]?.id] });
  });

  test("leave to its new holder what they were too slow for", async () => {
    const world = createWorld();
    await deliver(world, [alertWith()]);
    const slow = await world.store.inbox.claim(sourceId, 10, leaseMs);
    world.clock.advance(leaseMs + 1);
    await drain(world);
    const events = world.store.tables.events.length;
    const { inbox } = world.store;
    const late = { ...world.store, inbox: { ...inbox, claim: async () => slow.splice(0) } };
    await drainSource(sourceId, depsOf(world, { store: late }));
    expect(world.store.tables.events).toHaveLength(events);
    expect(await incidents(world)).toHaveLength(1);
  });
});

describe("an interruption", () => {
  test.each(["before", "after"] as const)("%s the commit loses nothing and repeats nothing", async (when) => {
    const world = createWorld();
    const id = await deliver(world, [alertWith()]);
    // A dead process says nothing more, as an outage does: neither is a bug of this delivery.
    const { ledger } = world.store;
    let dies = true;
    const dying: World["store"]["ledger"] = {
      ...ledger,
      async commit(commit) {
        if (!dies) return ledger.commit(commit);
        dies = false;
        if (when === "after") await ledger.commit(commit);
        throw new OpsError("unreachable", "The database went away.", { cause: new Crash() });
      },
    };
    const deps = depsOf(world, { store: { ...world.store, ledger: dying } });
    await expect(drainSource(sourceId, deps)).rejects.toThrow("went away");
    world.clock.advance(leaseMs + 1);
    await drainSource(sourceId, deps);
    expect(outcomeOf(world, id)).toMatchObject({ outcome: "joined" });
    expect(await incidents(world)).toMatchObject([{ alertCount: 1 }]);
    expect(await waitingFor(world, "investigate")).toHaveLength(1);
  });
});

test("whatever comes, in whatever order, every delivery ends in exactly one way", async () => {
  const alert = fc.record({
    fingerprint: fc.constantFrom("a1", "a2", "a3"),
    status: fc.constantFrom("firing", "firing", "resolved"),
    labels: fc.constantFrom(
      { service: "checkout" },
      { env: "production" },
      { service: "checkout", stage: "moon" },
    ),
    title: fc.constantFrom("Checkout errors", "Disk full"),
  });
  const content = fc.oneof(
    { weight: 6, arbitrary: fc.array(alert, { maxLength: 4 }) },
    fc.constant("rubbish" as const),
    fc.constant("poison" as const),
  );
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(content, fc.nat(2 * reopenWithinMs)), { maxLength: 12 }),
      async (all) => {
        const world = createWorld();
        const deps = depsOf(world);
        for (const [one, waitMs] of all) {
          await deliver(world, typeof one === "string" ? one : one.map((over) => alertWith(over)));
          world.clock.advance(waitMs);
          await drainSource(sourceId, deps);
        }
        for (let round = 0; round < 5; round += 1) {
          world.clock.advance(leaseMs + 1);
          await drainSource(sourceId, deps);
        }
        const known = new Set((await incidents(world)).map(({ id }) => id));
        for (const { settlement } of world.store.tables.inbox.values()) {
          if (settlement === null) throw new Error("a delivery without an end");
          outcomes.add(settlement.outcome);
          if (settlement.outcome === "joined") {
            expect(settlement.incidentIds.length).toBeGreaterThan(0);
            for (const id of settlement.incidentIds) expect(known.has(id)).toBe(true);
          }
        }
        const open = (await incidents(world)).filter(({ status }) => status !== "closed");
        expect(new Set(open.map(({ groupKey }) => groupKey)).size).toBe(open.length);
      },
    ),
    seeded("take-in: every end", 500),
  );
  expect(outcomes).toEqual(new Set(["joined", "quarantined", "noted"]));
});
