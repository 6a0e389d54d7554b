import { createPublicKey, type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadGovernance } from "../../../src/documents/load-governance.ts";
import { openCheckpoint, originOf, treeHeadText } from "../../../src/domain/ledger/checkpoint.ts";
import { noteKey, signNote } from "../../../src/domain/ledger/signed-note.ts";
import { verifyLedger } from "../../../src/domain/ledger/verify-ledger.ts";
import { type Checkpointer, createCheckpointer } from "../../../src/pipeline/checkpointer.ts";
import type { Notary } from "../../../src/pipeline/ports/notary.ts";
import { tell } from "../../../src/pipeline/tell.ts";
import {
  acknowledged,
  incidentWrite,
  newIncidentId,
  opened,
} from "../../contract/storage/story-of-streams.ts";
import { createInMemoryStore, type InMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { controlsWith, noGuard } from "../../support/policy-fixtures.ts";
import { newKey } from "../../support/signed-ledger.ts";

const key = newKey();
const lines: string[] = [];
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_: object, message: string) => void lines.push(message),
  error: (_: object, message: string) => void lines.push(message),
};

/** Where no administrator of the database writes; here, a variable. */
function notaryWith(privateKey: KeyObject = key): Notary & { kept: string[] } {
  const keyFor = (origin: string) => noteKey(origin, createPublicKey(privateKey));
  const kept: string[] = [];
  return {
    kept,
    sign: async (head) => signNote(treeHeadText(head), keyFor(head.origin), privateKey),
    keys: async (origin) => [keyFor(origin)],
    newest: async () => kept.at(-1) ?? null,
    keep: async (note) => void kept.push(note),
  };
}

const running: Checkpointer[] = [];
function start(store: InMemoryStore, notary: Notary, announced = false): Checkpointer {
  const made = createCheckpointer({ store, notary, holder: `h${running.length}`, announced, log });
  running.push(made);
  return made;
}
async function stop(): Promise<void> {
  for (const each of running.splice(0)) await each[Symbol.asyncDispose]();
}

/** So many entries of one incident, with their positions. */
async function write(store: InMemoryStore, entries: number): Promise<void> {
  const id = newIncidentId();
  const events = [
    opened(`group ${id}`),
    ...Array.from({ length: entries - 1 }, (_, n) => acknowledged(`p${n}`)),
  ];
  expect(await store.ledger.commit({ writes: [incidentWrite(id, 0, events)] })).toEqual({
    kind: "committed",
  });
  while ((await store.ledger.sequence(10_000)) > 0);
}

async function signed(entries: number) {
  const store = createInMemoryStore({ clock: movableClock() });
  const notary = notaryWith();
  start(store, notary);
  await write(store, entries);
  await seconds(2);
  expect(await sizes(store)).toEqual([entries]);
  return { store, notary };
}

const seconds = (n: number) => vi.advanceTimersByTimeAsync(n * 1000);
const sizes = async (store: InMemoryStore) =>
  (await store.checkpoints.above(0, 1000)).map(({ size }) => size);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  lines.length = 0;
});
afterEach(async () => {
  await stop();
  vi.useRealTimers();
});

describe("when a checkpoint is made", () => {
  test("at once for the first entries, then after a minute if there is anything, or a hundred", async () => {
    const store = createInMemoryStore();
    start(store, notaryWith());
    await seconds(120);
    expect(await sizes(store)).toEqual([]);
    await write(store, 3);
    await seconds(2);
    expect(await sizes(store)).toEqual([3]);
    await write(store, 1);
    await seconds(55);
    expect(await sizes(store)).toEqual([3]);
    await seconds(6);
    expect(await sizes(store)).toEqual([3, 4]);
    await write(store, 99);
    await seconds(3);
    expect(await sizes(store)).toEqual([3, 4]);
    await write(store, 1);
    await seconds(2);
    expect(await sizes(store)).toEqual([3, 4, 104]);
    await seconds(600);
    expect(await sizes(store)).toEqual([3, 4, 104]);
  });

  test("a ledger that has many gets several, and all of it verifies", async () => {
    const store = createInMemoryStore();
    await write(store, 10_050);
    const notary = notaryWith();
    const read = vi.spyOn(store.ledger, "stored");
    start(store, notary);
    await seconds(3);
    expect(await sizes(store)).toEqual([10_000, 10_050]);
    read.mockClear();
    await write(store, 100);
    await seconds(3);
    const asked = read.mock.calls.reduce((sum, [, limit]) => sum + limit, 0);
    // What is new, and the first entry for the ledger's name: not all of it again.
    expect(asked).toBeLessThan(110);
    const outside = notary.kept.map((note) => ({ from: "kept", note }));
    const origin = originOf((await store.ledger.stored(0, 1))[0]?.hash ?? "");
    const verdict = await verifyLedger({
      entries: (from, limit) => store.ledger.stored(from, limit),
      checkpoints: (above, limit) => store.checkpoints.above(above, limit),
      keys: await notary.keys(origin),
      outside,
    });
    expect(verdict).toMatchObject({ kind: "intact", checkpoints: 3, covered: 10_150, outside: 10_150 });
  });

  test("of two processes one at a time, and the other goes on from there", async () => {
    const store = createInMemoryStore();
    const [one, two] = [notaryWith(), notaryWith()];
    start(store, one);
    start(store, two);
    await write(store, 5);
    await seconds(3);
    expect(await sizes(store)).toEqual([5]);
    expect(one.kept.length + two.kept.length).toBe(1);
    await stop();
    const other = one.kept.length === 0 ? one : two;
    start(store, other);
    await write(store, 2);
    await seconds(3);
    expect(await sizes(store)).toEqual([5, 7]);
    expect(openCheckpoint(other.kept.at(-1) ?? "", null)).toMatchObject({ kind: "good", head: { size: 7 } });
    expect(lines).toEqual([]);
  });

  test("what could not be written outside is written when it can", async () => {
    const store = createInMemoryStore();
    const notary = notaryWith();
    const keep = vi.spyOn(notary, "keep").mockRejectedValueOnce(new Error("the disk is full"));
    start(store, notary);
    await write(store, 2);
    await seconds(4);
    expect(keep.mock.calls.length).toBe(2);
    expect(notary.kept.length).toBe(1);
    expect(lines).toEqual(["Making a checkpoint failed; it will be tried again"]);
  });
});

describe("a database that contradicts what was signed", () => {
  test("cut behind the checkpoint outside: told at the start, nothing is signed, the evidence stays", async () => {
    const { store, notary } = await signed(4);
    await stop();
    const older = createInMemoryStore();
    older.tables.events = store.tables.events.slice(0, 3);
    await write(older, 1);
    const again = start(older, notary);
    await seconds(5);
    expect(again.fault()).toContain(
      "The checkpoint of 4 entries that lies outside the database is missing in it.",
    );
    older.tables.events = older.tables.events.slice(0, 2);
    await seconds(61);
    expect(again.fault()).toBe(
      "The ledger has 2 entries, and the checkpoint outside the database has 4: the newest ones were removed.",
    );
    expect(await sizes(older)).toEqual([]);
    expect(notary.kept.length).toBe(1);
    expect(lines[0]).toMatch(/^THE LEDGER WAS TAMPERED WITH, or an older copy/);
    // The right one is put back.
    older.tables.events = [...store.tables.events];
    for (const each of await store.checkpoints.above(0, 9)) await older.checkpoints.put(each);
    await seconds(61);
    expect(again.fault()).toBeNull();
  });

  test("cut while it runs", async () => {
    const { store } = await signed(4);
    store.tables.events = store.tables.events.slice(0, 2);
    await seconds(2);
    expect(running[0]?.fault()).toContain("The ledger has 2 entries");
  });

  test("changed since it was written, and not yet signed", async () => {
    const { store, notary } = await signed(4);
    await write(store, 3);
    store.tables.events = store.tables.events.map((entry, at) => (at === 5 ? { ...entry, data: {} } : entry));
    await seconds(61);
    expect(running[0]?.fault()).toMatch(
      /position 5 \(incident\/\S+, version 2\) was changed after it was written/,
    );
    expect(notary.kept.length).toBe(1);
  });

  test("with a checkpoint of another key, or an edge that is not what was signed", async () => {
    const { store } = await signed(4);
    await stop();
    const other = start(store, notaryWith(newKey()));
    await seconds(2);
    expect(other.fault()).toContain("LEDGER_KEY_FILE");
    await stop();
    const [kept] = await store.checkpoints.above(0, 1);
    if (kept === undefined) throw new Error("there is one");
    const edited = {
      ...store.checkpoints,
      newest: async () => ({ ...kept, edge: Buffer.alloc(32), at: await store.now() }),
    };
    const again = createCheckpointer({
      store: { ...store, checkpoints: edited },
      notary: notaryWith(),
      holder: "x",
      announced: false,
      log,
    });
    running.push(again);
    await seconds(2);
    expect(again.fault()).toContain("is not what was signed");
  });
});

test("operators are shown the newest checkpoint at once, and then once an hour if there is a newer one", async () => {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  start(store, notaryWith(), true);
  const shown: number[] = [];
  const deps = {
    store,
    services: [],
    rulebook: loadGovernance("governance"),
    controls: { read: async () => controlsWith() },
    guard: noGuard,
    noticeboard: {
      async post(notice: { kind: string; size?: number }, place: { subject: string; part: string }) {
        shown.push(notice.size ?? -1);
        const ts = `${Date.parse(clock.now()) / 1000}`;
        await store.postings.record({ ...place, channel: "C0OPS", ts, renderedHash: "" });
      },
    },
  };
  const work = async () => {
    const item = await store.work.claim("tell", "ledger/checkpoint", 1000);
    if (item === null) return;
    const outcome = await tell(item, deps);
    if (outcome.kind === "nothing_to_do") await store.work.finish(item);
  };
  const pass = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      clock.advance(60_000);
      await seconds(60);
      await work();
    }
  };
  await write(store, 2);
  await pass(1);
  expect(shown).toEqual([2]);
  await write(store, 2);
  await pass(10);
  await write(store, 2);
  await pass(48);
  expect(shown).toEqual([2]);
  await pass(3);
  // Six of people's, and what was decided about the first line.
  expect(shown).toEqual([2, 7]);
  await pass(200);
  expect(shown).toEqual([2, 7]);
});
