import { describe, expect, test } from "vitest";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { type ChangeId, type IncidentId, type Instant, later } from "../../../src/domain/ids.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { Service } from "../../../src/domain/service.ts";
import type { Verification } from "../../../src/domain/verification.ts";
import { verify, type VerifyDeps } from "../../../src/pipeline/verify.ts";
import { join } from "../../support/incident-fixtures.ts";
import { createWorld, verifyAfterMs, type World } from "./world.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const windowMs = verifyAfterMs / 2;

const service = Service.parse({
  name: "checkout",
  owner: "shop",
  environments: { production: { project: "shop", environment: "prod" } },
  queries: [{ id: "errors", title: "Errors", promql: "errors", unit: "%", badDirection: "up" }],
  sources: [{ id: "alertmanager" }],
});

interface Metric {
  labels?: Record<string, string>;
  /** Value at an instant, epoch milliseconds; null where there is no sample. */
  at: (time: number) => number | null;
}

interface Measured {
  deps: VerifyDeps;
  asked: { from: Instant; to: Instant; stepMs: number }[];
  failure: OpsError | null;
}

function measuring(world: World, metrics: Metric[]): Measured {
  const measured: Measured = {
    asked: [],
    failure: null,
    deps: {
      store: world.store,
      services: [service],
      lookBackMs: 60 * minute,
      verifyAfterMs,
      windowMs,
      telemetry: {
        async range(_, from, to, stepMs) {
          measured.asked.push({ from, to, stepMs });
          if (measured.failure !== null) throw measured.failure;
          return metrics.flatMap(({ labels = {}, at }) => {
            const points: [number, number][] = [];
            for (let time = Date.parse(from); time <= Date.parse(to); time += stepMs) {
              const value = at(time);
              if (value !== null) points.push([time, value]);
            }
            return points.length === 0 ? [] : [{ labels, points }];
          });
        },
      },
    },
  };
  return measured;
}

/** An incident opens; `waitMs` later the change is applied. */
async function applied(world: World, waitMs = 10 * minute, incidentId?: IncidentId): Promise<ChangeId> {
  const about = incidentId ?? (await world.openIncident());
  world.clock.advance(waitMs);
  const id = await world.approved({
    incidentId: about,
    expected: { queryId: "errors", direction: "down", withinMs: verifyAfterMs },
  });
  await world.execute(id);
  return id;
}

async function tryIt(world: World, id: ChangeId, { deps }: Measured): Promise<Verification | null> {
  await world.drain("verify", id, (item, lastTry) => verify(item, deps, lastTry), 20);
  return (await world.change(id)).verification;
}

async function joinAlert(world: World, id: IncidentId, startedAt: Instant, status: "firing" | "resolved") {
  const loaded = await world.store.ledger.incident(id);
  if (loaded === null) throw new Error("no incident");
  const alert = { startedAt, status, endedAt: status === "resolved" ? world.clock.now() : null };
  const answer = decideIncident(join(alert), loaded.state, world.clock.now());
  if (answer.kind === "refused") throw new Error(answer.reason);
  const write = { stream: streamOf("incident", id), id, expectedVersion: loaded.version };
  await world.store.ledger.commit({ writes: [{ kind: "incident", ...write, events: answer.events }] });
}

/** Trouble from `from` until `until`, healthy else. */
const trouble =
  (from: Instant, until: Instant, bad = 20) =>
  (time: number): number =>
    time >= Date.parse(from) && time < Date.parse(until) ? bad : 1;

describe("the three levels", () => {
  test("come from three questions, each with a step of its own", async () => {
    const world = createWorld();
    const openedAt = world.clock.now();
    const id = await applied(world);
    const appliedAt = world.clock.now();
    const measured = measuring(world, [{ at: trouble(openedAt, appliedAt) }]);
    world.clock.advance(verifyAfterMs);
    expect(await tryIt(world, id, measured)).toMatchObject({
      verdict: "recovered",
      healthy: 1,
      troubled: 20,
      now: 1,
      from: appliedAt,
      to: later(appliedAt, verifyAfterMs),
    });
    expect(measured.asked.map(({ from, to }) => [from, to])).toEqual([
      [later(openedAt, -60 * minute), later(openedAt, -windowMs)],
      [later(appliedAt, -windowMs), appliedAt],
      [later(appliedAt, verifyAfterMs - windowMs), later(appliedAt, verifyAfterMs)],
    ]);
    for (const { from, to, stepMs } of measured.asked) {
      const points = (Date.parse(to) - Date.parse(from)) / stepMs;
      expect(points).toBeGreaterThan(50);
      expect(points).toBeLessThan(1000);
    }
  });

  test("are had for an incident of last month as well", async () => {
    const world = createWorld();
    const openedAt = world.clock.now();
    const id = await applied(world, 30 * day);
    const measured = measuring(world, [{ at: trouble(openedAt, world.clock.now()) }]);
    world.clock.advance(verifyAfterMs);
    expect(await tryIt(world, id, measured)).toMatchObject({
      verdict: "recovered",
      healthy: 1,
      troubled: 20,
    });
  });

  test("are of the time that was meant, however late the worker comes", async () => {
    const world = createWorld();
    const openedAt = world.clock.now();
    const id = await applied(world);
    const appliedAt = world.clock.now();
    const again = later(appliedAt, 60 * minute);
    const at = (time: number) => (time >= Date.parse(again) ? 50 : trouble(openedAt, appliedAt)(time));
    world.clock.advance(5 * 60 * minute);
    expect(await tryIt(world, id, measuring(world, [{ at }]))).toMatchObject({
      verdict: "recovered",
      now: 1,
      to: later(appliedAt, verifyAfterMs),
    });
  });

  test("count health from when the alert began, not from when it was heard of", async () => {
    const world = createWorld();
    const incidentId = await world.openIncident();
    const began = later(world.clock.now(), -90 * minute);
    await joinAlert(world, incidentId, began, "firing");
    const id = await applied(world, 10 * minute, incidentId);
    const measured = measuring(world, [{ at: trouble(began, world.clock.now()) }]);
    world.clock.advance(verifyAfterMs);
    expect(await tryIt(world, id, measured)).toMatchObject({ verdict: "recovered", healthy: 1 });
  });

  test("of a relapse count health from the relapse, not from the trouble before it", async () => {
    const world = createWorld();
    const incidentId = await world.openIncident();
    const first = world.clock.now();
    await joinAlert(world, incidentId, first, "firing");
    world.clock.advance(40 * minute);
    await joinAlert(world, incidentId, first, "resolved");
    expect((await world.store.ledger.incident(incidentId))?.state.status).toBe("resolved");
    world.clock.advance(80 * minute);
    const relapse = world.clock.now();
    await joinAlert(world, incidentId, relapse, "firing");
    const id = await applied(world, 10 * minute, incidentId);
    const appliedAt = world.clock.now();
    // Before the first trouble the service stood at another level: 15 was never healthy for what runs today.
    const at = (time: number) => (time < Date.parse(first) ? 15 : trouble(relapse, appliedAt)(time));
    world.clock.advance(verifyAfterMs);
    expect(await tryIt(world, id, measuring(world, [{ at }]))).toMatchObject({
      verdict: "recovered",
      healthy: 1,
    });
  });

  test("are those of the worst series: nine good routes do not hide a broken one", async () => {
    const world = createWorld();
    const openedAt = world.clock.now();
    const id = await applied(world);
    const routes = Array.from({ length: 9 }, (_, index) => ({ labels: { route: `/${index}` }, at: () => 1 }));
    const pay = { labels: { route: "/pay" }, at: trouble(openedAt, later(openedAt, day)) };
    world.clock.advance(verifyAfterMs);
    const found = await tryIt(world, id, measuring(world, [...routes, pay]));
    expect(found).toMatchObject({ verdict: "no_effect", healthy: 1, troubled: 20, now: 20 });
    expect(found?.reason).toContain("route=/pay");
  });

  test("of a variation that nobody gets any more end at what people get instead", async () => {
    const world = createWorld();
    const openedAt = world.clock.now();
    const id = await applied(world);
    const [from, to] = [Date.parse(openedAt), Date.parse(world.clock.now())];
    const bad = {
      labels: { variation: "on" },
      at: (time: number) => (time >= from && time < to ? 20 : null),
    };
    world.clock.advance(verifyAfterMs);
    const good = { labels: { variation: "off" }, at: () => 1 };
    expect(await tryIt(world, id, measuring(world, [good, bad]))).toMatchObject({
      verdict: "recovered",
      troubled: 20,
      now: 1,
    });
  });
});

describe("metrics that cannot be read", () => {
  const away = new OpsError("unreachable", "Prometheus cannot be reached.");

  test("for a while: asked for again, and judged", async () => {
    const world = createWorld();
    const openedAt = world.clock.now();
    const id = await applied(world);
    const measured = measuring(world, [{ at: trouble(openedAt, world.clock.now()) }]);
    measured.failure = away;
    world.clock.advance(verifyAfterMs);
    for (let tries = 0; tries < 6; tries += 1) {
      expect(await tryIt(world, id, measured)).toBeNull();
      world.clock.advance(16_000);
    }
    measured.failure = null;
    expect(await tryIt(world, id, measured)).toMatchObject({ verdict: "recovered" });
  });

  test("for good: no data, said after as long as the change was given to show its effect", async () => {
    const world = createWorld();
    const id = await applied(world);
    const measured = measuring(world, []);
    measured.failure = away;
    world.clock.advance(verifyAfterMs);
    let tries = 0;
    while ((await tryIt(world, id, measured)) === null && tries < 50) {
      world.clock.advance(30_000);
      tries += 1;
    }
    const found = (await world.change(id)).verification;
    expect(found).toMatchObject({ verdict: "no_data" });
    expect(found?.reason).toContain("Prometheus cannot be reached");
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThan(20);
    expect(await world.store.work.parked(10)).toEqual([]);
  });

  test("when the worker itself comes late: still asked for a few times", async () => {
    const world = createWorld();
    const id = await applied(world);
    const measured = measuring(world, []);
    measured.failure = away;
    world.clock.advance(day);
    expect(await tryIt(world, id, measured)).toBeNull();
    measured.failure = null;
    world.clock.advance(1_000);
    expect(await tryIt(world, id, measured)).toMatchObject({ verdict: "no_data" });
  });

  test("because the query is refused: no data, at once", async () => {
    const world = createWorld();
    const id = await applied(world);
    const measured = measuring(world, []);
    measured.failure = new OpsError("rejected", "Prometheus refused the query: parse error.");
    world.clock.advance(verifyAfterMs);
    expect(await tryIt(world, id, measured)).toMatchObject({ verdict: "no_data" });
  });
});

test("a change that another one has replaced is judged no more", async () => {
  const world = createWorld();
  const openedAt = world.clock.now();
  const id = await applied(world);
  const item = await world.store.work.claim("verify", id, minute);
  expect(item).toBeNull();
  world.clock.advance(verifyAfterMs);
  const held = await world.store.work.claim("verify", id, day);
  if (held === null) throw new Error("no verification is due");
  const { incidentId } = await world.change(id);
  const reverse = await world.approved({
    incidentId,
    operation: { tool: "flag.turn_on" },
    requester: { kind: "person", userId: "U0MAYA", name: "Maya" },
    lineage: { kind: "reverses", changeId: id },
  });
  await world.execute(reverse);
  const measured = measuring(world, [{ at: trouble(openedAt, world.clock.now()) }]);
  expect(await verify(held, measured.deps)).toEqual({ kind: "nothing_to_do" });
  expect((await world.change(id)).verification).toBeNull();
});
