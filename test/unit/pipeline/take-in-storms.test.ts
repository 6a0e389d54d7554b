import { beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../../src/domain/alert.ts";
import { type DeliveryId, type Instant, later } from "../../../src/domain/ids.ts";
import type { IncidentState } from "../../../src/domain/incident/incident.ts";
import { Inhibition } from "../../../src/domain/inhibition.ts";
import { decideMute, type MuteCommand } from "../../../src/domain/mute/decide-mute.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { Service } from "../../../src/domain/service.ts";
import { Source } from "../../../src/domain/source.ts";
import { type DrainDeps, drainSource } from "../../../src/pipeline/intake/drain-source.ts";
import type { ParsedDelivery } from "../../../src/pipeline/ports/intake.ts";
import type { ClaimedDelivery, Settlement } from "../../../src/pipeline/ports/storage.ts";
import { settle } from "../../../src/pipeline/settle.ts";
import { delivery, newIncidentId } from "../../contract/storage/story-of-streams.ts";
import { alertWith } from "../../support/incident-fixtures.ts";
import { intakeDefaults, recordingDoorbell } from "../../support/intake-deps.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { typed } from "../../support/typed.ts";

const second = 1000;
const minute = 60 * second;
const source = "alertmanager";
const silent = () => undefined;

let clock = movableClock();
let store = createInMemoryStore({ clock });
let doorbell = recordingDoorbell();
let deps: DrainDeps;

const service = (over: Record<string, unknown> = {}) =>
  Service.parse({
    name: "checkout",
    owner: "Omar",
    environments: { production: { project: "shop", environment: "prod" } },
    sources: [{ id: source, match: { service: "checkout" } }],
    ...over,
  });
const sourceOf = (over: Record<string, unknown> = {}) =>
  Source.parse({ id: source, kind: "alertmanager", secretEnv: "SECRET", ...over });

beforeEach(() => {
  clock = movableClock();
  store = createInMemoryStore({ clock });
  doorbell = recordingDoorbell();
  deps = {
    ...intakeDefaults,
    store,
    parse: ({ body }: ClaimedDelivery) => typed<ParsedDelivery>(JSON.parse(new TextDecoder().decode(body))),
    services: [service()],
    newIncidentId,
    doorbell,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };
});

async function send(content: ParsedDelivery, from = source): Promise<DeliveryId> {
  const sent = { ...delivery(from, null), body: Buffer.from(JSON.stringify(content)) };
  await store.inbox.accept(sent);
  return sent.id;
}

async function drain(from = source): Promise<void> {
  do {
    doorbell.rung.length = 0;
    await drainSource(from, deps);
  } while (doorbell.rung.length > 0);
}

async function hear(...alerts: Partial<Alert>[]): Promise<DeliveryId> {
  const id = await send({ kind: "alerts", alerts: alerts.map((over) => alertWith(over)) });
  await drain();
  return id;
}

function settlementOf(id: DeliveryId): Settlement | null | undefined {
  return store.tables.inbox.get(id)?.settlement;
}

/** Oldest first. */
function incidents(): IncidentState[] {
  return [...store.tables.incidents.values()].map(({ state }) => state);
}

function only(): IncidentState {
  const [first, ...others] = incidents();
  if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} incidents`);
  return first;
}

function dueOf(stage: string): (Instant | undefined)[] {
  return [...store.tables.work.values()].filter((row) => row.stage === stage).map(({ dueAt }) => dueAt);
}

/** The card is drawn and the look taken: whatever was due is done. */
function doWhatIsDue(): string[] {
  const due = [...store.tables.work.values()].filter(({ dueAt }) => dueAt <= clock.now());
  for (const { id } of due) store.tables.work.delete(id);
  return due.map(({ stage }) => stage).toSorted();
}

const after = (ms: number) => later(clock.now(), ms);
const end = { status: "resolved" } as const;

describe("what a delivery may be beside alerts", () => {
  test("changes elsewhere are kept as evidence where the catalogue places them", async () => {
    const change = {
      sourceId: source,
      id: "deploy-1",
      kind: "deploy" as const,
      state: "succeeded" as const,
      title: "checkout 42",
      version: "42",
      author: "ada",
      at: clock.now(),
      labels: { service: "checkout" },
      links: [],
    };
    const elsewhere = { ...change, id: "deploy-2", labels: {} };
    const id = await send({ kind: "outside_changes", changes: [change, elsewhere] });
    await drain();
    expect(settlementOf(id)).toMatchObject({ outcome: "noted", what: "Kept as evidence: 2 changes." });
    const range = { environmentName: "production", from: after(-minute), to: after(minute), limit: 10 };
    expect(await store.outsideChanges.between({ service: "checkout", ...range })).toEqual([
      { change, deliveryId: id, service: "checkout", environmentName: "production" },
    ]);
    expect(await store.outsideChanges.between({ service: null, ...range })).toHaveLength(1);
  });

  test("a hint and a ping are noted, and one that cannot be read is told to people", async () => {
    const hint = await send({ kind: "flag_hint", hints: [{ environmentId: "e", flagKey: "one" }] });
    const ping = await send({ kind: "nothing", what: "a ping" });
    const rubbish = await send({ kind: "unmappable", reason: "no title" });
    await drain();
    expect(settlementOf(hint)).toMatchObject({ outcome: "noted", what: expect.stringContaining("one") });
    expect(settlementOf(ping)).toEqual({ outcome: "noted", what: "a ping" });
    expect(settlementOf(rubbish)).toEqual({ outcome: "quarantined", reason: "no title" });
    expect(dueOf("tell")).toHaveLength(1);
  });
});

describe("whose an alert is", () => {
  const named = { label: "app", names: { "chk-out": "checkout" } };
  test.each([
    [{ app: "chk-out" }, "checkout"],
    [{ app: "checkout" }, "checkout"],
    [{ app: "constructor" }, undefined],
    [{ app: "search" }, undefined],
  ])("its source's label %o says where no entry of the catalogue claims it", async (labels, name) => {
    deps.sources = [sourceOf({ service: named })];
    await hear({ labels });
    expect(only().scope?.service).toBe(name);
  });

  test("a source that may not lead there leads to evidence only, beside the service's own incident", async () => {
    deps.services = [service({ sources: [{ id: source }, { id: "tenant-b" }] })];
    deps.sources = [sourceOf(), sourceOf({ id: "tenant-b", mayLeadTo: { environments: ["staging"] } })];
    await hear({});
    await send(
      { kind: "alerts", alerts: [alertWith({ sourceId: "tenant-b", fingerprint: "b" })] },
      "tenant-b",
    );
    await drain("tenant-b");
    expect(incidents().map(({ scope }) => scope?.service ?? null)).toEqual(["checkout", null]);
    expect(incidents()[1]?.noScopeBecause).toBe(
      "the source tenant-b may not lead to shop/prod, where checkout is",
    );
  });
});

const labels = (region: string, pod: string) => ({ service: "checkout", region, pod });

describe("grouping", () => {
  test("tells incidents of a service apart by labels, and the service's own beats its source's", async () => {
    deps.sources = [sourceOf({ grouping: { by: ["pod"] } })];
    deps.services = [service({ grouping: { by: ["region"] } })];
    await hear(
      { fingerprint: "1", labels: labels("eu", "a") },
      { fingerprint: "2", labels: labels("us", "a") },
    );
    await hear({ fingerprint: "3", labels: labels("eu", "b") });
    expect(incidents().map(({ alertCount }) => alertCount)).toEqual([2, 1]);
    deps.services = [service()];
    await hear(
      { fingerprint: "4", labels: labels("eu", "a") },
      { fingerprint: "5", labels: labels("eu", "b") },
    );
    expect(incidents()).toHaveLength(4);
  });

  test("waits for company before the first card and the investigation", async () => {
    deps.sources = [sourceOf({ grouping: { wait: "30s" } })];
    const due = after(30 * second);
    await hear({});
    clock.advance(10 * second);
    await hear({ fingerprint: "a2", severity: "critical" });
    expect([dueOf("notify"), dueOf("investigate")]).toEqual([[due], [due]]);
  });

  test("rewrites a card for mere company once an interval, however much comes", async () => {
    deps.sources = [sourceOf({ grouping: { interval: "15s" } })];
    await hear({ fingerprint: "s0" });
    doWhatIsDue();
    const rewritten: number[] = [];
    for (let at = 1; at <= 60; at += 1) {
      clock.advance(second);
      // Every third second one of them goes and comes back.
      if (at % 3 === 0) await hear({ fingerprint: `s${at - 1}`, ...end });
      await hear({ fingerprint: at % 3 === 0 ? `s${at - 1}` : `s${at}` });
      if (doWhatIsDue().includes("notify")) rewritten.push(at);
    }
    expect(rewritten.length).toBeGreaterThanOrEqual(3);
    expect(rewritten.length).toBeLessThanOrEqual(4);
    rewritten
      .slice(1)
      .forEach((at, index) => expect(at - (rewritten[index] ?? 0)).toBeGreaterThanOrEqual(15));
  });

  test("rewrites it at once for the first company after a long silence, and for what is worse or over", async () => {
    await hear({});
    doWhatIsDue();
    clock.advance(minute);
    await hear({ fingerprint: "a2" });
    expect(doWhatIsDue()).toEqual(["notify"]);
    clock.advance(second);
    await hear({ fingerprint: "a3", severity: "critical" });
    expect(doWhatIsDue()).toEqual(["notify"]);
    clock.advance(second);
    await hear({ fingerprint: "a3", ...end }, { fingerprint: "a2", ...end });
    expect(doWhatIsDue()).toEqual([]);
    await hear(end);
    expect(doWhatIsDue()).toEqual(["notify"]);
  });

  test("takes a resolved incident up again within its own window", async () => {
    deps.sources = [sourceOf({ grouping: { window: "5m" } })];
    await hear({});
    await hear(end);
    clock.advance(4 * minute);
    await hear({});
    expect(incidents()).toHaveLength(1);
    await hear(end);
    clock.advance(6 * minute);
    await hear({});
    expect(incidents().map(({ status }) => status)).toEqual(["closed", "open"]);
  });
});

const one = (index: number, over: Partial<Alert> = {}) => ({
  fingerprint: `f${index}`,
  title: `Trouble ${index}`,
  labels: {},
  ...over,
});

const at = (environment: string, pod: string) => ({
  fingerprint: environment + pod,
  labels: { service: "checkout", environment, pod },
});

describe("the limit of open incidents", () => {
  test("collapses what is beyond it into one, told by kind, and ends it when all of that is over", async () => {
    deps.mostOpenIncidents = 3;
    for (let index = 0; index < 8; index += 1) {
      await hear(one(index, index < 3 ? {} : { labels: { alertname: index < 6 ? "DiskFull" : "Slow" } }));
    }
    expect(incidents().map(({ groupKey }) => groupKey)).toEqual([
      "source/alertmanager/Trouble 0",
      "source/alertmanager/Trouble 1",
      "source/alertmanager/Trouble 2",
      "overflow/source/alertmanager",
    ]);
    const kinds = [
      { kind: "DiskFull", count: 3 },
      { kind: "Slow", count: 2 },
    ];
    expect(incidents()[3]).toMatchObject({ alertCount: 5, kinds, scope: null });
    for (let index = 3; index < 8; index += 1) await hear(one(index, end));
    expect(incidents()[3]).toMatchObject({ status: "resolved" });
  });

  test("lets new ones open again below it; what is collapsed stays where it is", async () => {
    deps.mostOpenIncidents = 2;
    for (let index = 0; index < 4; index += 1) await hear(one(index));
    await hear(one(0, end));
    await hear(one(3));
    expect(incidents()).toHaveLength(3);
    const id = await hear(one(9));
    expect(incidents()[3]).toMatchObject({ title: "Trouble 9", status: "open" });
    expect(settlementOf(id)).toEqual({ outcome: "joined", incidentIds: [incidents()[3]?.id] });
  });

  test("counts the environments of a service for themselves", async () => {
    deps.mostOpenIncidents = 1;
    deps.services = [
      service({
        environments: {
          prod: { project: "shop", environment: "prod" },
          "prod/eu": { project: "shop", environment: "eu" },
        },
        grouping: { by: ["pod"] },
      }),
    ];
    await hear(at("prod/eu", "a"), at("prod", "a"), at("prod", "b"), at("prod", "c"));
    expect(incidents().map(({ groupKey }) => groupKey)).toEqual([
      "service/checkout/prod%2Feu/pod=a",
      "service/checkout/prod/pod=a",
      "overflow/service/checkout/prod",
    ]);
  });

  test("holds for what comes and goes, too: so many one after the other, and the rest is collapsed", async () => {
    deps.mostOpenIncidents = 5;
    for (let index = 0; index < 200; index += 1) {
      await hear(one(index), one(index, end));
      clock.advance(second);
    }
    const own = incidents().slice(0, 10);
    expect(own.map(({ status }) => status)).toEqual(own.map(() => "resolved"));
    // The eleventh takes all the rest, and is held open because it goes to and fro.
    expect(incidents()).toHaveLength(11);
    expect(incidents()[10]).toMatchObject({ groupKey: "overflow/source/alertmanager", alertCount: 190 });
    expect(incidents()[10]?.flappingSince).not.toBeNull();
    clock.advance(10 * minute);
    await hear(one(999));
    expect(incidents()).toHaveLength(12);
  });

  test("makes a flood of 10,000 distinct alerts into eleven incidents and as many messages, and loses none", async () => {
    const flood = Array.from({ length: 10_000 }, (_, index) => alertWith(one(index)));
    for (let start = 0; start < flood.length; start += 50) {
      await send({ kind: "alerts", alerts: flood.slice(start, start + 50) });
    }
    await drain();
    expect(incidents()).toHaveLength(11);
    expect(dueOf("notify")).toHaveLength(11);
    expect(dueOf("investigate")).toHaveLength(11);
    const unsettled = [...store.tables.inbox.values()].filter(({ settlement }) => settlement === null);
    expect(unsettled).toEqual([]);
    expect(JSON.stringify(incidents()).length).toBeLessThan(1_000_000);
  }, 60_000);
});

const runSettle = async () => {
  const item = await store.work.claim("settle", only().id, minute);
  if (item === null) throw new Error("nothing to settle");
  return settle(item, { store, quietMs: deps.quietMs });
};

describe("an incident that goes to and fro", () => {
  test("is held open, is not looked at again on each turn, and ends when it has been quiet", async () => {
    await hear({});
    const looks: string[][] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      clock.advance(minute);
      await hear(end);
      clock.advance(20 * second);
      await hear({});
      looks.push(doWhatIsDue());
    }
    expect(looks.map((stages) => stages.includes("investigate"))).toEqual([
      ...Array.from({ length: 3 }, () => true),
      ...Array.from({ length: 5 }, () => false),
    ]);
    expect(only()).toMatchObject({ status: "open", flappingSince: expect.any(String) });
    await hear(end);
    expect(only().status).toBe("open");
    clock.advance(15 * minute);
    expect(await runSettle()).toEqual({ kind: "committed" });
    expect(only()).toMatchObject({ status: "resolved", flappingSince: null });
    expect(dueOf("notify")).toHaveLength(1);
  });

  test("that fires again before it is quiet waits for the next end", async () => {
    await hear({});
    for (let turn = 0; turn < 4; turn += 1) {
      await hear(end);
      await hear({});
    }
    await hear(end);
    clock.advance(10 * minute);
    await hear({});
    await hear(end);
    clock.advance(5 * minute);
    expect(await runSettle()).toMatchObject({ kind: "again", inMs: 10 * minute });
    await hear({});
    const held = [...store.tables.work.values()].find(({ stage }) => stage === "settle");
    if (held !== undefined) store.tables.work.set(held.id, { ...held, status: "waiting", leaseUntil: null });
    expect(await runSettle()).toEqual({ kind: "nothing_to_do" });
  });
});

describe("a muted service", () => {
  const by = { userId: "U0MAYA", name: "Maya", reason: "maintenance" };
  async function mute(command: Partial<MuteCommand> = {}): Promise<void> {
    const loaded = await store.ledger.muteOf("checkout");
    const whole = typed<MuteCommand>({ command: "mute", forMs: 60 * minute, ...by, ...command });
    const answer = decideMute(whole, loaded?.state ?? null, clock.now());
    if (answer.kind === "refused") throw new Error(answer.reason);
    const { events } = answer;
    const expectedVersion = loaded?.version ?? 0;
    await store.ledger.commit({
      writes: [
        { kind: "mute", stream: streamOf("mute", "checkout"), id: "checkout", expectedVersion, events },
      ],
    });
  }

  test("has its incident recorded, and shown and investigated when the mute is over", async () => {
    await mute();
    const until = after(60 * minute);
    await hear({});
    expect(only().mutedUntil).toBe(until);
    clock.advance(minute);
    await hear({ fingerprint: "a2", severity: "critical" });
    expect([dueOf("notify"), dueOf("investigate")]).toEqual([[until], [until]]);
  });

  test("has nothing shown of what came and went meanwhile", async () => {
    await mute();
    await hear({});
    await hear(end);
    expect([dueOf("notify"), dueOf("investigate")]).toEqual([[], []]);
    await hear({});
    expect([dueOf("notify"), dueOf("investigate")]).toEqual([[only().mutedUntil], [only().mutedUntil]]);
  });

  test("that is muted no more has its next incident shown at once", async () => {
    await mute();
    await mute({ command: "unmute" });
    await hear({});
    expect(only().mutedUntil).toBeNull();
    expect(dueOf("notify")).toEqual([clock.now()]);
  });
});

const child = (fingerprint: string, cluster = "eu") =>
  ({ fingerprint, title: `Pod ${fingerprint}`, severity: "warning", labels: { cluster } }) as const;

describe("inhibition", () => {
  const down = {
    fingerprint: "p",
    title: "Cluster down",
    severity: "critical",
    labels: { cluster: "eu" },
  } as const;
  beforeEach(() => {
    deps.inhibitions = [
      Inhibition.parse({
        when: { severity: "critical" },
        silences: { severity: "warning" },
        equal: ["cluster"],
      }),
    ];
  });

  test("lets children join the incident of what silences them, also in the same delivery", async () => {
    await hear(down, child("c1"), child("c2"));
    await hear(child("c3"), child("other", "us"));
    expect(incidents().map(({ title, alertCount }) => [title, alertCount])).toEqual([
      ["Cluster down", 4],
      ["Pod other", 1],
    ]);
    expect(incidents()[0]?.inhibited.map(({ key }) => key)).toEqual(["c1", "c2", "c3"]);
  });

  test("ends with the parent: children that still fire keep the incident open and are not lost", async () => {
    await hear(down, child("c1"));
    await hear({ ...down, ...end });
    expect(only()).toMatchObject({ status: "open", inhibited: [] });
    // Their repeats stay where they are, and their end is found there, though nothing silences them any more.
    await hear(child("c1"));
    expect(incidents()).toHaveLength(1);
    await hear({ ...child("c1"), ...end });
    expect(only().status).toBe("resolved");
    await hear(child("c2"));
    expect(incidents()).toHaveLength(2);
  });

  test("leaves alone what fired before, and finds the end of a child even without the rule", async () => {
    await hear(child("early"));
    await hear(down, child("early"), child("c1"));
    expect(incidents().map(({ alertCount }) => alertCount)).toEqual([1, 2]);
    deps.inhibitions = [];
    await hear({ ...child("c1"), ...end });
    await hear({ ...down, ...end });
    expect(incidents()[1]?.status).toBe("resolved");
  });
});

const left = () => [...store.tables.inbox.values()].filter(({ settlement }) => settlement === null).length;

describe("turns", () => {
  test("a source that has more than a turn's worth is rung again, behind the others", async () => {
    for (let index = 0; index < 700; index += 1) {
      await send({ kind: "alerts", alerts: [alertWith({ fingerprint: `f${index}` })] });
    }
    await drainSource(source, deps);
    expect(doorbell.rung).toEqual(["intake alertmanager"]);
    expect(left()).toBe(100);
    doorbell.rung.length = 0;
    await drainSource(source, deps);
    expect([left(), doorbell.rung]).toEqual([0, []]);
  });

  test("of many loud sources a lone one waits no longer than a round", async () => {
    const slots = 4;
    const loud = Array.from({ length: 20 }, (_, index) => `loud-${index}`);
    for (const from of loud) {
      for (let index = 0; index < 620; index += 1) {
        await send({ kind: "nothing", what: "noise" }, from);
      }
    }
    // The queue as it is: first come, first served, one ring a source, a few at once.
    const queue = [...loud];
    deps.doorbell = {
      async ring(_, subject) {
        if (!queue.includes(subject)) queue.push(subject);
      },
    };
    let turns = 0;
    let lone: DeliveryId | null = null;
    let waited: number | null = null;
    const worker = async () => {
      for (let subject = queue.shift(); subject !== undefined; subject = queue.shift()) {
        turns += 1;
        if (turns === 10) {
          lone = await send({ kind: "alerts", alerts: [alertWith({ sourceId: "lone" })] }, "lone");
          queue.push("lone");
        }
        await drainSource(subject, deps);
        if (lone !== null && waited === null && settlementOf(lone)) waited = turns - 10;
      }
    };
    await Promise.all(Array.from({ length: slots }, worker));
    expect(waited).not.toBeNull();
    expect(waited).toBeLessThanOrEqual(loud.length + slots);
    expect(turns).toBeGreaterThan(2 * loud.length);
    expect([...store.tables.inbox.values()].filter(({ settlement }) => settlement === null)).toEqual([]);
  }, 60_000);

  test("a delivery that takes the process down is taken alone the next time, and given up at last", async () => {
    const ids: DeliveryId[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push(await send({ kind: "alerts", alerts: [alertWith({ fingerprint: `f${index}` })] }));
    }
    const deadly = ids[2];
    if (deadly === undefined) throw new Error("nothing was sent");
    let lives = 0;
    while (settlementOf(deadly) === null && lives < 20) {
      lives += 1;
      await liveUntil(deadly);
      clock.advance(deps.leaseMs + 1);
    }
    expect(settlementOf(deadly)).toMatchObject({
      outcome: "quarantined",
      reason: expect.stringMatching(/never came to an end/),
    });
    await drain();
    expect(only().alertCount).toBe(4);
    expect([...store.tables.inbox.values()].filter(({ settlement }) => settlement === null)).toEqual([]);
  });
});

/** One process's life: it ends where it reads the deadly delivery, and from then on reaches the store no more. */
async function liveUntil(deadly: DeliveryId): Promise<void> {
  let isDead = false;
  const alive = () => {
    if (isDead) throw new OpsError("unreachable", "This process is dead.");
  };
  const { parse } = deps;
  const mortal: DrainDeps = {
    ...deps,
    parse: (given) => {
      if (given.id === deadly) isDead = true;
      if (isDead) throw new Error("dead");
      return parse(given);
    },
    store: {
      ...store,
      now: async () => (alive(), store.now()),
      inbox: {
        ...store.inbox,
        claim: async (...given) => (alive(), store.inbox.claim(...given)),
        release: async (...given) => (alive(), store.inbox.release(...given)),
      },
      ledger: { ...store.ledger, commit: async (given) => (alive(), store.ledger.commit(given)) },
    },
  };
  await drainSource(source, mortal).catch((error: unknown) => {
    if (!isDead) throw error;
  });
}
