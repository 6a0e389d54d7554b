import { describe, expect, test } from "vitest";
import type { StoredEntry } from "../../../src/domain/ledger/chain.ts";
import {
  type LedgerVerdict,
  type OutsideCheckpoint,
  verifyLedger,
} from "../../../src/domain/ledger/verify-ledger.ts";
import type { KeptCheckpoint } from "../../../src/domain/ledger/verify-ledger.ts";
import { checkpointsOf, hashed, keyOf, ledgerOf, newKey, proofOf } from "../../support/signed-ledger.ts";

/** T17: whoever owns the database changes what they like; what they lack is the key. */
const size = 200;
const names = Array.from({ length: size }, (_, index) => `CHG-${(index * 7) % 23}`);
const whole = ledgerOf(names);
const privateKey = newKey();
const keys = [keyOf(whole, privateKey)];
const checkpoints = checkpointsOf(whole, [1, 60, 160, 200], privateKey);
const last = checkpoints.at(-1)?.note ?? "";
const outside: OutsideCheckpoint[] = [{ from: "of a file", note: last }];

const verify = (
  entries: readonly StoredEntry[],
  more: { checkpoints?: readonly KeptCheckpoint[]; outside?: readonly OutsideCheckpoint[] } = {},
): Promise<LedgerVerdict> =>
  verifyLedger({
    ...proofOf(entries, more.checkpoints ?? checkpoints),
    outside: more.outside ?? outside,
    keys,
    pageSize: 64,
  });

/** Where the verdict says that the trouble begins. */
function begins(verdict: LedgerVerdict): number | null {
  if (verdict.kind === "intact") return null;
  const { fault } = verdict;
  if (fault.kind === "entry" || fault.kind === "missing") return fault.position;
  return fault.kind === "entries" ? fault.from : null;
}

const renumbered = (entries: readonly StoredEntry[]) =>
  entries.map((entry, position) => ({ ...entry, position }));
const edited = (entry: StoredEntry) => ({ ...entry, data: '{"n":-1}' });
const [forged = null] = ledgerOf(["CHG-FORGED"]).map(edited);
if (forged === null) throw new Error("a ledger of one entry has one");

type Tampering = (at: number) => StoredEntry[];

/** Each as plain as it can be done, and as thorough as it can be done: with every hash and number made anew. */
const tamperings: Record<string, Tampering> = {
  edit: (at) => whole.map((entry, index) => (index === at ? edited(entry) : entry)),
  delete: (at) => whole.toSpliced(at, 1),
  insert: (at) => [...whole.slice(0, at), { ...forged, position: at }, ...whole.slice(at)],
  swap: (at) => {
    const other = (at + 1) % size;
    const [one, two] = [whole[at], whole[other]];
    if (one === undefined || two === undefined) throw new Error(`there are ${size} entries`);
    return renumbered(whole.with(at, two).with(other, one));
  },
};
const thorough: Record<string, Tampering> = {
  edit: (at) => hashed(tamperings["edit"]?.(at) ?? []),
  delete: (at) => hashed(tamperings["delete"]?.(at) ?? []),
  insert: (at) => hashed(tamperings["insert"]?.(at) ?? []),
  swap: (at) => hashed(tamperings["swap"]?.(at) ?? []),
};

/** The first position at which something else is than was. */
function firstBad(kind: string, at: number): number {
  return kind === "swap" ? Math.min(at, (at + 1) % size) : at;
}

describe("a ledger of 200 entries", () => {
  test("is intact as it was written, and all of it is covered", async () => {
    expect(await verify(whole)).toMatchObject({
      kind: "intact",
      entries: size,
      checkpoints: 4,
      covered: size,
      outside: size,
      signaturesChecked: true,
    });
  });

  test.each([
    ["as a superuser types it", tamperings],
    ["with all hashes and positions made anew", thorough],
  ])("800 of 800 tamperings %s are found, each at its first bad entry", async (_, kinds) => {
    let found = 0;
    for (const [kind, tamper] of Object.entries(kinds)) {
      for (let at = 0; at < size; at += 1) {
        const verdict = await verify(tamper(at));
        expect({ kind, at, begins: begins(verdict) }).toEqual({ kind, at, begins: firstBad(kind, at) });
        found += Number(verdict.kind === "broken");
      }
    }
    expect(found).toBe(800);
  });

  test("history hashed anew is found where even the kept leaves were removed, to the span of one checkpoint", async () => {
    const bare = checkpoints.map((each) => ({ ...each, leaves: Buffer.alloc(0) }));
    const verdict = await verify(thorough["edit"]?.(100) ?? [], { checkpoints: bare });
    expect(verdict).toMatchObject({
      kind: "broken",
      entries: 160,
      fault: { kind: "entries", from: 60, to: 159 },
    });
    expect(await verify(whole, { checkpoints: bare })).toMatchObject({ kind: "intact" });
  });

  test("history hashed anew is found by the checkpoint outside alone", async () => {
    const verdict = await verify(thorough["edit"]?.(100) ?? [], { checkpoints: [] });
    expect(verdict).toMatchObject({ kind: "broken", fault: { kind: "entries", from: 0, to: 199 } });
  });

  test.each([199, 170, 160, 1, 0])(
    "a cut behind %i entries shows against the checkpoint outside",
    async (kept) => {
      const verdict = await verify(whole.slice(0, kept), {
        checkpoints: checkpoints.filter((each) => each.size <= kept),
      });
      expect(verdict).toMatchObject({
        kind: "broken",
        entries: kept,
        fault: { kind: "missing", position: kept },
      });
    },
  );

  test("what no checkpoint covers yet is counted: there the chains alone stand guard", async () => {
    const early = checkpoints.slice(0, 3);
    expect(await verify(whole, { checkpoints: early, outside: [] })).toMatchObject({
      kind: "intact",
      covered: 160,
      outside: null,
    });
    const rewritten = thorough["edit"]?.(190) ?? [];
    expect((await verify(rewritten, { checkpoints: early, outside: [] })).kind).toBe("intact");
    expect((await verify(tamperings["edit"]?.(190) ?? [], { checkpoints: early, outside: [] })).kind).toBe(
      "broken",
    );
  });

  test("a checkpoint that was forged, exchanged or signed by another key is named", async () => {
    const others = checkpointsOf(thorough["edit"]?.(100) ?? [], [1, 60, 160, 200], newKey());
    expect(await verify(thorough["edit"]?.(100) ?? [], { checkpoints: others })).toMatchObject({
      kind: "broken",
      fault: { kind: "checkpoint", size: 1 },
    });
    const [first, second, ...rest] = checkpoints;
    if (first === undefined || second === undefined) throw new Error("there are four");
    const exchanged = [first, { ...second, note: first.note }, ...rest];
    expect(await verify(whole, { checkpoints: exchanged })).toMatchObject({
      kind: "broken",
      fault: { kind: "checkpoint", size: 60, reason: expect.stringContaining("row says 60") },
    });
    const wrongKey = await verifyLedger({
      ...proofOf(whole, checkpoints),
      keys: [keyOf(whole, newKey())],
      outside,
    });
    expect(wrongKey).toMatchObject({ kind: "broken", fault: { kind: "checkpoint" } });
  });

  test("two histories signed with the one key contradict each other", async () => {
    const other = hashed(whole.map((entry, index) => (index === 150 ? edited(entry) : entry)));
    const [, , note] = checkpointsOf(other, [1, 60, 160], privateKey);
    const verdict = await verify(whole, { outside: [{ from: "of Slack", note: note?.note ?? "" }] });
    expect(verdict).toMatchObject({
      kind: "broken",
      fault: { kind: "checkpoint", size: 160, reason: expect.stringContaining("of Slack") },
    });
  });

  test("a second row at a position does not hide behind the end of a page", async () => {
    for (const pageSize of [1, 7, 64, 100]) {
      const doubled = [
        ...whole.slice(0, pageSize),
        { ...forged, position: pageSize - 1 },
        ...whole.slice(pageSize),
      ];
      const verdict = await verifyLedger({ ...proofOf(doubled, []), pageSize });
      expect(begins(verdict)).toBe(pageSize - 1);
    }
    const negative = [{ ...forged, position: -5 }, ...whole];
    expect(begins(await verify(negative))).toBe(-5);
  });

  test("text that is not canonical JSON is a fault, not a crash", async () => {
    for (const data of [
      "{",
      '{"n": 100}',
      '{"b":1,"a":2}',
      '{"a":[{"c":1,"b":2}]}',
      '{"n":1.0}',
      '{"a":1,"a":1}',
      String.raw`{"n":"\ud800"}`,
    ]) {
      const verdict = await verify(
        hashed(whole.map((entry, at) => (at === 100 ? { ...entry, data } : entry))),
        {
          checkpoints: [],
          outside: [],
        },
      );
      expect(verdict).toMatchObject({ kind: "broken", fault: { position: 100 } });
    }
  });
});
