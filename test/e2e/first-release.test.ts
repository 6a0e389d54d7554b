import { afterAll, beforeAll, expect, it } from "vitest";
import { createPool } from "../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../src/adapters/postgres/store.ts";
import { renderCard } from "../../src/adapters/slack/card/render-card.ts";
import { detailsModal } from "../../src/adapters/slack/modals/details-modal.ts";
import { storyText } from "../../src/commands/audit/story-text.ts";
import { readStory } from "../../src/pipeline/read-story.ts";
import { createForgetter } from "../../src/pipeline/forgetter.ts";
import { readIncident } from "../../src/pipeline/people/read-incident.ts";
import { decideChange } from "../../src/domain/change/decide-change.ts";
import { Evidence } from "../../src/domain/evidence/evidence.ts";
import { ChangeId, DeliveryId, IncidentId, toInstant } from "../../src/domain/ids.ts";
import { KeptAnswer } from "../../src/domain/kept-answer.ts";
import { verifyLedger } from "../../src/domain/ledger/verify-ledger.ts";
import { streamOf } from "../../src/domain/ledger/stream.ts";
import { createWorld } from "../../src/sandbox/world/create-world.ts";
import { decisions, voteCommand } from "../support/change-fixtures.ts";
import { expectAuditPasses, expectFolded, expectFoldedAnew, readStore } from "../support/ledger-check.ts";
import { plantFirstRelease, readFirstRelease } from "../support/first-release.ts";
import { runSignalman, startSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const recorded = readFirstRelease();
const ids = {
  closed: ChangeId.parse("CHG-SR6XMK1YQE"),
  awaiting: ChangeId.parse("CHG-HPJJPPVSS9"),
  incident: IncidentId.parse("INC-EV9C8HGKZV"),
};

const ignore = () => undefined;
const fail = (_: unknown, message: string) => {
  throw new Error(message);
};

const undo = new AsyncDisposableStack();
const folder = undo.use(workFolder());
let database: Awaited<ReturnType<typeof createEmbeddedPostgres>>;

beforeAll(async () => {
  database = undo.use(await createEmbeddedPostgres({ dataFolder: folder.dataFolder, log: () => undefined }));
});
afterAll(() => undo.disposeAsync());

/** A pool on what the first release left, brought up to date by today's code. */
async function upgraded(name: string): Promise<ReturnType<typeof createPool> & AsyncDisposable> {
  const first = createPool({ ...database.connection, max: 1 }, () => undefined);
  if (name !== "postgres") await first.query(`create database ${name}`);
  await first.end();
  const pool = createPool({ ...database.connection, database: name, max: 4 }, () => undefined);
  await plantFirstRelease(pool);
  await migrate(pool);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

it("brings the schema of the first release up to date, and a second time changes nothing", async () => {
  await using pool = await upgraded("first_schema");
  await migrate(pool);
  const { rows } = await pool.query<{ name: string }>("select name from migrations order by name");
  expect(rows.map(({ name }) => name).slice(0, 3)).toEqual([
    "0001-storage.sql",
    "0002-intake.sql",
    "0003-upkeep.sql",
  ]);
  for (const [table, before] of Object.entries(recorded)) {
    if (table === "migrations") continue;
    const { rows: counted } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    expect({ table, n: counted[0]?.n }).toEqual({ table, n: before.length });
  }
});

it("reads everything that the first release wrote: deliveries, bodies, messages, mutes, and an intact ledger", async () => {
  await using pool = await upgraded("first_reading");
  const store = createStore(pool);
  expect(await verifyLedger({ entries: (from, limit) => store.ledger.stored(from, limit) })).toMatchObject({
    kind: "intact",
    entries: recorded["events"]?.length,
  });
  for (const { id, outcome } of recorded["inbox"] ?? []) {
    const delivery = await store.inbox.delivery(DeliveryId.parse(id));
    expect(delivery?.settlement?.outcome).toBe(outcome);
  }
  const [quarantined] = await store.inbox.quarantined(10);
  expect(await store.inbox.requeue(quarantined?.id ?? DeliveryId.parse(""), "Olga")).toBe(true);
  for (const { id, kind } of recorded["bodies"] ?? []) {
    const text = await store.bodies.get(String(id));
    if (kind === "evidence") Evidence.parse(JSON.parse(text ?? ""));
    else if (/\/answer\/[a-z_]+$/.test(String(id))) KeptAnswer.parse(JSON.parse(text ?? ""));
    else expect(text).toContain("metric_query");
  }
  expect(await store.postings.get(ids.incident, "card")).toMatchObject({ channel: "C0INCIDENTS" });
  const mute = await store.ledger.muteOf("search");
  expect(mute?.state.muted).toMatchObject({ reason: "database upgrade" });
  await expectFoldedAnew(store.ledger);
});

it("keeps the ledger whole when all bodies are removed, and says since when they are gone", async () => {
  await using pool = await upgraded("first_retention");
  const store = createStore(pool);
  const before = await readIncident(ids.incident, { store, services: [] });
  expect(before?.evidence?.items.length).toBeGreaterThan(0);
  expect(before?.evidenceRemovedAt).toBeNull();
  const now = -86_400_000;
  const keep = { deliveriesMs: now, evidenceMs: now, transcriptsMs: now, outsideChangesMs: now };
  const log = { debug: ignore, info: ignore, warn: fail, error: fail };
  await createForgetter({ store, keep, log })[Symbol.asyncDispose]();

  const { rows } = await pool.query("select from bodies where content is not null");
  expect(rows).toEqual([]);
  expect(await store.inbox.quarantined(10)).toHaveLength(1);
  expect(await verifyLedger({ entries: (from, limit) => store.ledger.stored(from, limit) })).toMatchObject({
    kind: "intact",
    entries: recorded["events"]?.length,
  });
  const view = await readIncident(ids.incident, { store, services: [] });
  if (view === null) throw new Error("the incident is gone");
  const facts = {
    expandable: false,
    standable: false,
    linkedCardUrl: null,
    flagUrl: null,
    consoleUrl: null,
    misplaced: null,
  };
  const change = view.changes.find(({ id }) => id === ids.awaiting);
  if (change === undefined) throw new Error("the change is gone");
  expect(JSON.stringify(renderCard(view, facts))).toMatch(/The evidence was removed by retention on /);
  expect(JSON.stringify(detailsModal(change, view, null))).toMatch(/\*Evidence:\* removed by retention on /);
  const story = await readStory(store, ids.incident);
  if (story === null) throw new Error("the story is gone");
  expect(storyText(story)).toMatch(
    /hash sha256:[0-9a-f]{64}[^]*what the hash is of was removed by retention on /,
  );
  expect(story.fault).toBeNull();
});

it("lets a change that the first release drafted be voted on, and one that it closed be read", async () => {
  await using pool = await upgraded("first_vote");
  const store = createStore(pool);
  const { ledger } = store;
  expect((await ledger.change(ids.closed))?.state).toMatchObject({
    status: "closed",
    closure: { resolution: "keep" },
    verification: { verdict: "recovered" },
  });
  const loaded = await ledger.change(ids.awaiting);
  if (loaded === null) throw new Error("the change is gone");
  const { state, version } = loaded;
  const answer = decideChange(
    voteCommand(state.proposal, { decision: decisions.allow() }),
    state,
    toInstant(Date.parse(state.expiresAt ?? "") - 60_000),
  );
  if (answer.kind === "refused") throw new Error(answer.reason);
  const stream = streamOf("change", state.id);
  const written = await ledger.commit({
    writes: [{ stream, kind: "change", id: state.id, expectedVersion: version, events: answer.events }],
  });
  expect(written).toEqual({ kind: "committed" });
  expect((await ledger.change(ids.awaiting))?.state.status).toBe("approved");
  await ledger.sequence(100);
  expect(await verifyLedger({ entries: (from, limit) => ledger.stored(from, limit) })).toMatchObject({
    kind: "intact",
  });
});

it("starts on it, finishes what was open, and tells its past; the audit passes", async () => {
  await using world = await createWorld({ dataFolder: folder.dataFolder, quiet: true });
  await using pool = await upgraded("postgres");
  // The Slack of the recording is gone, so its messages cannot be rewritten: without them cards are posted anew.
  await pool.query("delete from postings");
  await using signalman = await startSignalman(world, folder.path);
  await using opened = await readStore(folder.path);
  const { ledger, work } = opened.store;
  await until(
    "the change to expire",
    async () => (await ledger.change(ids.awaiting))?.state.status === "expired",
    { timeoutMs: 30_000, everyMs: 200, seen: signalman.log },
  );
  // What was held when the rows were recorded is done as well; the review lies in the future, or is done.
  await until(
    "nothing to be left but the review",
    async () => {
      const { rows } = await pool.query<{ stage: string }>("select stage from outbox");
      return rows.every(({ stage }) => stage === "review") ? true : null;
    },
    { timeoutMs: 30_000, everyMs: 200, seen: signalman.log },
  );
  expect(await work.parked(10)).toEqual([]);
  const { changes, incidents } = await expectFolded(folder.path);
  expect(changes.map(({ id }) => id).toSorted()).toEqual([ids.awaiting, ids.closed].toSorted());
  expect(incidents).toHaveLength(3);
  await expectAuditPasses(folder.path);
  for (const id of [ids.awaiting, ids.incident]) {
    const { code, output } = await runSignalman(["audit", "show", id], folder.path, {});
    expect(output).toContain("intact");
    expect(code).toBe(0);
  }
  expect(signalman.log()).not.toMatch(/^error /m);
}, 90_000);
