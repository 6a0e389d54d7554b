import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert, Severity } from "../../../src/domain/alert.ts";
import { capOf, isOverflow } from "../../../src/domain/catalogue.ts";
import { CorrelationId, DeliveryId, IncidentId } from "../../../src/domain/ids.ts";
import { alertKey } from "../../../src/domain/incident/heard-alerts.ts";
import { countFiring, type IncidentState, isFiring } from "../../../src/domain/incident/incident.ts";
import { Inhibition } from "../../../src/domain/inhibition.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { decideMute, type MuteCommand } from "../../../src/domain/mute/decide-mute.ts";
import { Service } from "../../../src/domain/service.ts";
import { type DrainDeps, drainSource } from "../../../src/pipeline/intake/drain-source.ts";
import type { ParsedDelivery } from "../../../src/pipeline/ports/intake.ts";
import { settle } from "../../../src/pipeline/settle.ts";
import { alertWith } from "../../support/incident-fixtures.ts";
import { intakeDefaults } from "../../support/intake-deps.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { typed } from "../../support/typed.ts";

const minute = 60_000;
const sources = ["alertmanager", "grafana"];
const silent = () => undefined;

/** Every alert there is in a history: what it is called, whose it is and how bad never changes. */
const kinds: Pick<Alert, "sourceId" | "fingerprint" | "title" | "labels" | "severity">[] = sources.flatMap(
  (sourceId) =>
    Array.from({ length: 12 }, (_, index) => ({
      sourceId,
      fingerprint: `f${index}`,
      title: `Trouble ${index % 5}`,
      severity: (["critical", "warning", "error"] satisfies Severity[])[index % 3] ?? "info",
      labels: {
        ...(index % 2 === 0 && { service: "checkout" }),
        cluster: index % 4 < 2 ? "eu" : "us",
        pod: `p${index}`,
      },
    })),
);

type Step =
  | { kind: "say"; alerts: { of: number; status: "firing" | "resolved" }[]; repeats: number }
  | { kind: "wait"; ms: number }
  | { kind: "mute"; on: boolean }
  | { kind: "drain" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      alerts: fc.array(
        fc.record({
          of: fc.nat(kinds.length - 1),
          status: fc.constantFrom("firing" as const, "firing" as const, "resolved" as const),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      repeats: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("drain" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(1000, minute, 16 * minute, 40 * minute),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("mute" as const), on: fc.boolean() }) },
);

function createHistory(mostOpenIncidents: number) {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  let made = 0;
  const tail = () => String(++made).padStart(10, "0");
  const rung = new Set<string>();
  const deps: DrainDeps = {
    ...intakeDefaults,
    store,
    parse: ({ body }) => typed<ParsedDelivery>(JSON.parse(Buffer.from(body).toString())),
    services: [
      Service.parse({
        name: "checkout",
        owner: "Omar",
        environments: { production: { project: "shop", environment: "prod" } },
        sources: sources.map((id) => ({ id, match: { service: "checkout" } })),
        grouping: { by: ["pod"] },
      }),
    ],
    inhibitions: [
      Inhibition.parse({
        when: { severity: "critical" },
        silences: { severity: "warning" },
        equal: ["cluster"],
      }),
    ],
    mostOpenIncidents,
    damping: { times: 2, withinMs: 30 * minute },
    newIncidentId: () => IncidentId.parse(`INC-${tail()}`),
    doorbell: { ring: async (_, subject) => void rung.add(subject) },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };
  /** What each source last said of each alert. */
  const fires = new Map<number, boolean>();

  return {
    clock,
    store,
    fires,
    incidents: (): IncidentState[] => [...store.tables.incidents.values()].map(({ state }) => state),
    async say(alerts: { of: number; status: "firing" | "resolved" }[]): Promise<void> {
      // Each source sends what is its own; between sources there is no order that anybody could know.
      for (const from of sources) {
        const own = alerts.filter(({ of }) => kinds[of]?.sourceId === from);
        if (own.length === 0) continue;
        for (const { of, status } of own) fires.set(of, status === "firing");
        const body = {
          kind: "alerts",
          alerts: own.map(({ of, status }) => alertWith({ ...kinds[of], status })),
        };
        await store.inbox.accept({
          id: DeliveryId.parse(`6f1c1a52-0000-4000-8000-${tail().padStart(12, "0")}`),
          correlationId: CorrelationId.parse(`cor-${made}`),
          sourceId: from,
          deliveryKey: null,
          headers: {},
          body: Buffer.from(JSON.stringify(body)),
        });
      }
    },
    async drain(): Promise<void> {
      for (const from of sources) rung.add(from);
      while (rung.size > 0) {
        const turn = [...rung];
        rung.clear();
        await Promise.all(turn.map((from) => drainSource(from, deps)));
      }
    },
    async mute(on: boolean): Promise<void> {
      const by = { userId: "U0MAYA", name: "Maya", reason: "maintenance" };
      const command: MuteCommand = on
        ? { command: "mute", forMs: 20 * minute, ...by }
        : { command: "unmute", ...by };
      const loaded = await store.ledger.muteOf("checkout");
      const answer = decideMute(command, loaded?.state ?? null, clock.now());
      if (answer.kind === "refused" || answer.events.length === 0) return;
      const stream = streamOf("mute", "checkout");
      const expectedVersion = loaded?.version ?? 0;
      const { events } = answer;
      await store.ledger.commit({
        writes: [{ kind: "mute", stream, id: "checkout", expectedVersion, events }],
      });
    },
    /** What was held open and has become quiet ends. */
    async settleAll(): Promise<void> {
      for (const { id } of this.incidents()) {
        const item = await store.work.claim("settle", id, minute);
        if (item !== null) await settle(item, { store, quietMs: deps.quietMs });
      }
    },
  };
}

type History = ReturnType<typeof createHistory>;

function check(history: History): void {
  const incidents = history.incidents();
  for (const { settlement } of history.store.tables.inbox.values()) expect(settlement).not.toBeNull();
  for (const [of, kind] of kinds.entries()) {
    const where = incidents.filter(
      (state) => state.status !== "closed" && isFiring(state, alertKey(state, kind)),
    );
    // Not lost, and not in two places either.
    expect(where.length).toBe(history.fires.get(of) === true ? 1 : 0);
    for (const { status } of where) expect(status).toBe("open");
  }
  for (const state of incidents) {
    const fires = countFiring(state) > 0;
    expect(state.status === "open").toBe(fires || state.flappingSince !== null);
    for (const { key, by } of state.inhibited) {
      expect([isFiring(state, key), isFiring(state, by)]).toEqual([true, true]);
    }
  }
}

/** Neither too many at once nor too many one after the other, of what the limit counts together. */
function checkLimits(history: History, mostOpenIncidents: number): void {
  const service = "service/checkout/production/";
  for (const prefix of [service, ...sources.map((sourceId) => capOf({ sourceId }, null).prefix)]) {
    const begun = history.incidents().filter(({ groupKey }) => groupKey.startsWith(prefix));
    // One that came back is counted when others begin, and never kept from coming back itself.
    const first = begun.filter(({ status, reopenedAt }) => status === "open" && reopenedAt.length === 0);
    // Sources that begin incidents of one service at one moment do not see each other's.
    const race = prefix === service ? sources.length : 1;
    expect(first.length).toBeLessThanOrEqual(race * mostOpenIncidents);
    const times = begun.map(({ openedAt }) => Date.parse(openedAt));
    for (const from of times) {
      const within = times.filter((at) => at >= from && at < from + 10 * minute);
      expect(within.length).toBeLessThanOrEqual(2 * mostOpenIncidents);
    }
  }
}

const histories = fc.array(step, { minLength: 3, maxLength: 40, size: "max" });

test("of whatever comes, in whatever order and how often, nothing is lost, ends early or floods people", async () => {
  const met = { overflow: 0, silenced: 0, flapping: 0, muted: 0, quiet: 0, closed: 0 };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(1, 2), histories, async (mostOpenIncidents, steps) => {
      const history = createHistory(mostOpenIncidents);
      for (const one of steps) {
        if (one.kind === "say") {
          for (let times = 0; times < one.repeats; times += 1) await history.say(one.alerts);
        } else if (one.kind === "wait") {
          await history.drain();
          history.clock.advance(one.ms);
          await history.settleAll();
        } else if (one.kind === "mute") {
          await history.drain();
          await history.mute(one.on);
        } else {
          await history.drain();
          check(history);
          checkLimits(history, mostOpenIncidents);
        }
      }
      await history.drain();
      check(history);
      checkLimits(history, mostOpenIncidents);
      const incidents = history.incidents();
      met.overflow += incidents.filter(({ groupKey }) => isOverflow(groupKey)).length;
      met.silenced += incidents.filter(({ inhibited }) => inhibited.length > 0).length;
      met.flapping += incidents.filter(({ flappingSince }) => flappingSince !== null).length;
      met.muted += incidents.filter(({ mutedUntil }) => mutedUntil !== null).length;
      met.closed += incidents.filter(({ status }) => status === "closed").length;

      // Then everything ends, and stays quiet.
      const all = kinds.map((_, of) => ({ of, status: "resolved" as const }));
      await history.say(all);
      await history.drain();
      met.quiet += history.incidents().filter(({ status }) => status === "open").length;
      history.clock.advance(16 * minute);
      await history.settleAll();
      expect(history.incidents().filter(({ status }) => status === "open")).toEqual([]);
      check(history);
    }),
    seeded("incident: histories", 300),
  );
  // The rarest is met some fifteen times.
  for (const [what, count] of Object.entries(met)) expect([what, count > 0]).toEqual([what, true]);
}, 120_000);
