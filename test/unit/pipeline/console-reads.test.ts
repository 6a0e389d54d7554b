import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { changePage } from "../../../src/adapters/console/pages/change-page.ts";
import { incidentPage } from "../../../src/adapters/console/pages/incident-page.ts";
import { later } from "../../../src/domain/ids.ts";
import type { IncidentEvent } from "../../../src/domain/incident/events.ts";
import { treeHeadText } from "../../../src/domain/ledger/checkpoint.ts";
import { noteKey, signNote } from "../../../src/domain/ledger/signed-note.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { consoleReads } from "../../../src/pipeline/console/console-reads.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { controlsWith, exampleRoles, noGuard, noGuardrails } from "../../support/policy-fixtures.ts";
import {
  acknowledged,
  changeWrite,
  incidentWrite,
  newChangeId,
  newIncidentId,
  opened,
  proposed,
} from "../../contract/storage/story-of-streams.ts";

function createReads() {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  const rulebook = { contracts: new Map(), roles: exampleRoles, guardrails: noGuardrails };
  return {
    clock,
    store,
    reads: consoleReads({
      store,
      services: [],
      rulebook,
      guard: noGuard,
      controls: { read: async () => controlsWith() },
    }),
  };
}

it("tells the newest events of a long story, and proves all of it part by part", async () => {
  const { store, reads } = createReads();
  const id = newIncidentId();
  const many = Array.from({ length: 310 }, (_, count) => acknowledged(`person ${count + 2}`));
  await store.ledger.commit({ writes: [incidentWrite(id, 0, [opened("g"), ...many])] });

  const record = await reads.incident(id);
  expect(record?.storyIsCut).toBe(true);
  expect(record?.story.map(({ version }) => version)).toEqual(
    Array.from({ length: 300 }, (_, at) => at + 12),
  );
  expect(record?.story.at(-1)).toMatchObject({
    what: "acknowledged",
    who: expect.stringContaining("person 311"),
  });

  const stream = streamOf("incident", id);
  const part = await reads.proof(stream, 101, 100);
  expect(part).toMatchObject({ stream, length: 311, fault: null });
  expect(part?.entries.map(({ version }) => version)).toEqual(
    Array.from({ length: 100 }, (_, at) => at + 101),
  );
  expect(part?.entries[1]?.prevHash).toBe(part?.entries[0]?.hash);
  expect((await reads.proof(stream, 301, 100))?.entries).toHaveLength(11);
  expect(part?.checkpoint).toBeNull();
  expect(await reads.proof(streamOf("incident", newIncidentId()), 1, 100)).toBeNull();
});

it("says where a stream is broken, whatever part of it is shown", async () => {
  const { store, reads } = createReads();
  const id = newIncidentId();
  await store.ledger.commit({
    writes: [incidentWrite(id, 0, [opened("g"), acknowledged("Ruth"), acknowledged("Ada")])],
  });
  const [, second] = await store.ledger.events(streamOf("incident", id));
  if (second === undefined) throw new Error("there is no second event");
  const forged = consoleReads({
    services: [],
    rulebook: { contracts: new Map(), roles: exampleRoles, guardrails: noGuardrails },
    guard: noGuard,
    controls: { read: async () => controlsWith() },
    store: {
      ...store,
      ledger: {
        ...store.ledger,
        events: async (stream, only) =>
          (await store.ledger.events(stream, only)).map((entry) =>
            entry.version === 2 ? { ...entry, data: { ...entry.data, name: "Mallory" } } : entry,
          ),
      },
    },
  });
  const proof = await forged.proof(streamOf("incident", id), 3, 100);
  expect(proof?.fault).toMatchObject({
    version: 2,
    reason: expect.stringContaining("does not match its hash"),
  });
  expect((await reads.proof(streamOf("incident", id), 3, 100))?.fault).toBeNull();
});

it("names the first checkpoint that covers all of a stream, once there is one", async () => {
  const { store, reads } = createReads();
  const id = newIncidentId();
  const stream = streamOf("incident", id);
  await store.ledger.commit({ writes: [incidentWrite(id, 0, [opened("g"), acknowledged("Ruth")])] });
  await store.ledger.sequence(10);
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const put = (size: number) => {
    const head = { origin: "signalman/ledger/0123456789abcdef", size, root: `${"A".repeat(43)}=` };
    const note = signNote(treeHeadText(head), noteKey(head.origin, publicKey), privateKey);
    return store.checkpoints.put({ size, note, edge: Buffer.alloc(0), leaves: Buffer.alloc(0) });
  };
  await put(1);
  expect((await reads.proof(stream, 1, 100))?.checkpoint).toBeNull();
  for (const size of [2, 7]) await put(size);
  expect((await reads.proof(stream, 1, 100))?.checkpoint).toMatchObject({
    size: 2,
    root: `${"A".repeat(43)}=`,
  });
  await store.ledger.commit({ writes: [incidentWrite(id, 2, [acknowledged("Ada")])] });
  expect((await reads.proof(stream, 1, 100))?.checkpoint).toBeNull();
});

it("tells a change from its own stream, with its incident, and leaves out what is over when asked", async () => {
  const { store, reads } = createReads();
  const [incidentId, open, denied] = [newIncidentId(), newChangeId(), newChangeId()];
  await store.ledger.commit({ writes: [incidentWrite(incidentId, 0, [opened("g")])] });
  await store.ledger.commit({ writes: [changeWrite(open, 0, proposed("one"))] });
  await store.ledger.commit({ writes: [changeWrite(denied, 0, proposed("two"))] });
  const all = await reads.changes({ open: false, limit: 10 });
  expect(all.map(({ id }) => id)).toEqual([denied, open]);
  const waiting = await reads.changes({ open: true, limit: 10 });
  expect(waiting.every(({ status }) => status === "awaiting_approval")).toBe(true);
  const record = await reads.change(open);
  expect(record?.change.id).toBe(open);
  expect(record?.story.map(({ stream }) => stream)).toEqual(
    record?.story.map(() => streamOf("change", open)),
  );
  expect(record?.story.length).toBeGreaterThan(0);
  expect(await reads.change(newChangeId())).toBeNull();
});

it("shows work that is due, planned far ahead and given up", async () => {
  const { clock, store, reads } = createReads();
  const subject = newChangeId();
  const planned = {
    stage: "review",
    subject,
    correlationId,
    dueAt: later(clock.now(), 90 * 86_400_000),
  } as const;
  await store.ledger.commit({
    writes: [],
    followUps: [planned, { stage: "notify", subject, correlationId }],
  });
  const held = await store.work.claim("notify", subject, 1000);
  if (held === null) throw new Error("expected work");
  await store.work.park(held, "Slack is away");
  const queues = await reads.queues();
  expect(queues.stages).toMatchObject([
    { stage: "notify", waiting: 0, parked: 1, oldestParkedAt: clock.now() },
    { stage: "review", waiting: 1, due: 0, oldestDueAt: null },
  ]);
  expect(queues.next).toEqual([{ stage: "review", subject, dueAt: planned.dueAt }]);
  expect(queues.parked).toMatchObject([{ stage: "notify", error: "Slack is away" }]);
});

const said = (page: { markup: string }) => page.markup.replaceAll(/\s+/g, " ");

it("says where and when retention removed what was gathered, on every page that would show it", async () => {
  const { store, reads, clock } = createReads();
  const [id, changeId] = [newIncidentId(), newChangeId()];
  await store.bodies.put({ id: "seen", kind: "evidence", text: "{}" });
  const gathered: IncidentEvent = {
    type: "evidence_gathered",
    at: clock.now(),
    bodyId: "seen",
    hash: `sha256:${"0".repeat(64)}`,
    items: 2,
    gaps: [],
  };
  const change = proposed("checkout_one_click").map((event) =>
    event.type === "change_proposed" ? { ...event, incidentId: id } : event,
  );
  await store.ledger.commit({
    writes: [incidentWrite(id, 0, [opened("g"), gathered]), changeWrite(changeId, 0, change)],
  });
  clock.advance(100 * 86_400_000);
  const at = clock.now();
  await store.bodies.remove("evidence", 90 * 86_400_000, 10);

  const [incident, shown] = [await reads.incident(id), await reads.change(changeId)];
  if (incident === null || shown === null) throw new Error("neither is there");
  const when = `<time datetime="${at}">`;
  expect(said(incidentPage(incident))).toContain(`The evidence was removed by retention on ${when}`);
  expect(said(changePage(shown))).toContain(`What it was drawn from was removed by retention on ${when}`);
  const gone = `what the hash is of was removed by retention on ${at}`;
  expect(incident.story.flatMap(({ lines }) => lines)).toContain(gone);
  const proof = await reads.proof(streamOf("incident", id), 1, 10);
  expect(proof?.entries.flatMap(({ lines }) => lines)).toContain(gone);
});
