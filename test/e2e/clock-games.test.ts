import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createPool } from "../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../src/adapters/postgres/store.ts";
import { decideChange } from "../../src/domain/change/decide-change.ts";
import { later } from "../../src/domain/ids.ts";
import { streamOf } from "../../src/domain/ledger/stream.ts";
import { verifyLedger } from "../../src/domain/ledger/verify-ledger.ts";
import { mutedUntil } from "../../src/domain/mute/mute.ts";
import { Service } from "../../src/domain/service.ts";
import { muteService } from "../../src/pipeline/people/mute-service.ts";
import type { Store } from "../../src/pipeline/ports/storage.ts";
import { ringTimer } from "../../src/pipeline/ring-timer.ts";
import {
  acknowledged,
  changeWrite,
  delivery,
  incidentWrite,
  newChangeId,
  newIncidentId,
  opened,
} from "../contract/storage/story-of-streams.ts";
import { correlationId, decisions, onFlag, propose, proposalFor } from "../support/change-fixtures.ts";
import { availableDatabases } from "../support/databases.ts";
import { exampleRoles, homeTeam, personWith, noGuardrails } from "../support/policy-fixtures.ts";

/** T20: the process's own clock jumps ten minutes to either side; TTLs and leases go by the database's. */
const jumps = [600_000, -600_000, 86_400_000 * 400] as const;
const undo = new AsyncDisposableStack();
let store: Store;

beforeAll(async () => {
  const [embedded] = availableDatabases();
  if (embedded === undefined) throw new Error("the embedded database is always there");
  const server = undo.use(await embedded.open());
  const pool = createPool(await server.database(), () => undefined);
  undo.defer(() => pool.end());
  await migrate(pool);
  store = createStore(pool);
}, 60_000);
afterAll(() => undo.disposeAsync());
afterEach(() => vi.useRealTimers());

/** From now on `Date` is off by so much; timers and the monotonic clock are as they were. */
function jump(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

const deadline = 1_200;

describe.each(jumps)("with the process's clock off by %i ms", (ms) => {
  it("a lease of work, of a delivery or of a name is held exactly as long", async () => {
    const subject = newChangeId();
    const name = `lease ${subject}`;
    const sourceId = `source-${subject.toLowerCase()}`;
    await store.inbox.accept(delivery(sourceId, null));
    await store.ledger.commit({ writes: [], followUps: [{ stage: "verify", subject, correlationId }] });
    const held = await store.work.claim("verify", subject, deadline);
    expect(await store.inbox.claim(sourceId, 10, deadline)).toHaveLength(1);
    expect(await store.leases.take(name, "a", deadline)).toEqual({ epoch: 1 });
    jump(ms);
    expect(await store.work.claim("verify", subject, deadline)).toBeNull();
    expect(await store.inbox.claim(sourceId, 10, deadline)).toEqual([]);
    expect(await store.leases.take(name, "b", deadline)).toBeNull();
    await delay(deadline + 100);
    expect(await store.work.claim("verify", subject, deadline)).toMatchObject({ epoch: 2 });
    expect(await store.inbox.claim(sourceId, 10, deadline)).toMatchObject([{ attempts: 2 }]);
    expect(await store.leases.take(name, "b", deadline)).toEqual({ epoch: 2 });
    if (held === null) throw new Error("expected work");
    expect(await store.work.renew(held, deadline)).toBe(false);
  });

  it("an approval lives exactly as long, and work is due when it is due", async () => {
    const id = newChangeId();
    const queued = decisions.queue();
    if (queued.kind !== "queue_for_review") throw new Error("expected a decision that asks for votes");
    const decision = { ...queued, requirement: { ...queued.requirement, expiresAfterMs: deadline } };
    const proposal = proposalFor({ tool: "flag.turn_off" }, onFlag({ key: `flag-${id}` }));
    const now = await store.now();
    const answer = decideChange(propose(decision, proposal), null, now);
    if (answer.kind === "refused") throw new Error(answer.reason);
    await store.ledger.commit({
      writes: [changeWrite(id, 0, answer.events)],
      followUps: [
        { stage: "expire", subject: id, correlationId },
        { stage: "review", subject: id, correlationId, dueAt: later(now, deadline) },
      ],
    });
    const timer = await store.work.claim("expire", id, 60_000);
    if (timer === null) throw new Error("expected the timer");
    jump(ms);
    const early = await ringTimer("expire", timer, { store });
    expect(early).toMatchObject({ kind: "again" });
    expect(early.kind === "again" && early.inMs <= deadline).toBe(true);
    expect(await store.work.claim("review", id, 1_000)).toBeNull();
    await delay(deadline + 50);
    expect(await ringTimer("expire", timer, { store })).toEqual({ kind: "committed" });
    expect((await store.ledger.change(id))?.state.status).toBe("expired");
    expect(await store.work.claim("review", id, 1_000)).not.toBeNull();
  });

  it("a budget and a mute last exactly as long", async () => {
    const name = `budget ${newChangeId()}`;
    const service = `service-${newChangeId()}`.toLowerCase();
    expect(await store.budgets.take(name, 10, 10, 60_000)).toBe(true);
    jump(ms);
    expect(await store.budgets.take(name, 1, 10, 60_000)).toBe(false);
    const before = Date.parse(await store.now());
    const answer = await muteService(
      { service, forMs: 300_000, reason: "upgrade", userId: "U0RITA" },
      {
        store,
        services: [
          Service.parse({
            name: service,
            owner: "Shop",
            environments: {},
            sources: [{ id: "alertmanager" }],
          }),
        ],
        rulebook: { contracts: new Map(), roles: exampleRoles, guardrails: noGuardrails },
        identity: {
          homeTeamId: async () => homeTeam,
          person: async (userId) => personWith({ userId, name: "Rita" }),
        },
      },
    );
    expect(answer.kind).toBe("done");
    const mute = await store.ledger.muteOf(service);
    const until = mutedUntil(mute?.state ?? null, await store.now());
    expect(Math.abs(Date.parse(until ?? "") - before - 300_000)).toBeLessThan(5_000);
  });

  it("the ledger's order is that of its commits", async () => {
    const id = newIncidentId();
    await store.ledger.commit({ writes: [incidentWrite(id, 0, [opened(`group ${id}`)])] });
    jump(ms);
    await store.ledger.commit({
      writes: [incidentWrite(id, 1, [{ ...acknowledged("Ruth"), at: await store.now() }])],
    });
    vi.useRealTimers();
    await store.ledger.commit({
      writes: [incidentWrite(id, 2, [{ ...acknowledged("Maya"), at: await store.now() }])],
    });
    while ((await store.ledger.sequence(100)) > 0);
    const entries = await store.ledger.events(streamOf("incident", id));
    const positions = entries.map(({ position }) => position ?? -1);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(entries.slice(1).map(({ at }) => at)).toEqual(
      entries
        .slice(1)
        .map(({ at }) => at)
        .toSorted(),
    );
    expect((await verifyLedger({ entries: (from, limit) => store.ledger.stored(from, limit) })).kind).toBe(
      "intact",
    );
  });
});
