import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toInstant } from "../../../src/domain/ids.ts";
import { chainHash, type StoredEntry, storedText } from "../../../src/domain/ledger/chain.ts";
import { streamFault } from "../../../src/domain/ledger/verify.ts";
import { verifyLedger } from "../../../src/domain/ledger/verify-ledger.ts";
import { ledgerOf, proofOf } from "../../support/signed-ledger.ts";

const verify = (entries: readonly StoredEntry[], pageSize = 3) =>
  verifyLedger({ ...proofOf(entries), pageSize });

const streams = fc.array(fc.constantFrom("A", "B", "C"), { minLength: 2, maxLength: 20 });

describe("verifying the ledger", () => {
  test("an empty and a whole ledger are intact, whatever the page size", async () => {
    expect(await verify([])).toMatchObject({ kind: "intact", entries: 0, streams: 0, covered: 0 });
    await fc.assert(
      fc.asyncProperty(streams, fc.integer({ min: 1, max: 25 }), async (names, pageSize) => {
        const verdict = await verify(ledgerOf(names), pageSize);
        expect(verdict).toMatchObject({
          kind: "intact",
          entries: names.length,
          streams: new Set(names).size,
        });
      }),
      { numRuns: 300 },
    );
  });

  const tamper: Record<string, (entry: StoredEntry) => StoredEntry> = {
    data: (entry) => ({ ...entry, data: '{"n":-1}' }),
    type: (entry) => ({ ...entry, type: "vote_cast" }),
    time: (entry) => ({ ...entry, at: toInstant(1e12) }),
    stream: (entry) => ({ ...entry, stream: "change/Z" }),
    version: (entry) => ({ ...entry, version: entry.version + 1 }),
    position: (entry) => ({ ...entry, position: (entry.position ?? 0) + 100 }),
    hash: (entry) => ({ ...entry, hash: "0".repeat(64) }),
    prevHash: (entry) => ({ ...entry, prevHash: "f".repeat(64) }),
    // Whoever rewrites content and hash still breaks the next link of the chain.
    "data and hash": (entry) => {
      const data = '{"n":-1}';
      return { ...entry, data, hash: chainHash(entry.prevHash, storedText({ ...entry, data })) };
    },
  };

  test.each(Object.keys(tamper))(
    "a changed %s is found at that entry, or at the next of its stream",
    async (what) => {
      const change = tamper[what];
      if (change === undefined) throw new Error(what);
      await fc.assert(
        fc.asyncProperty(streams, fc.nat(), async (names, pick) => {
          const entries = ledgerOf([...names, "A", "B", "C"]);
          const index = pick % names.length;
          const verdict = await verify(entries.map((entry, at) => (at === index ? change(entry) : entry)));
          expect(verdict.kind).toBe("broken");
          if (verdict.kind === "broken") expect(verdict.entries).toBeGreaterThanOrEqual(index);
          if (verdict.kind === "broken" && what !== "data and hash" && what !== "position") {
            expect(verdict.entries).toBe(index);
          }
        }),
        { numRuns: 200 },
      );
    },
  );

  test("a removed entry and an exchanged pair are found", async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), async (names, pick) => {
        const entries = ledgerOf([...names, "A"]);
        const index = pick % names.length;
        expect((await verify(entries.filter((_, at) => at !== index))).kind).toBe("broken");
        const renumbered = entries
          .filter((_, at) => at !== index)
          .map((entry, position) => ({ ...entry, position }));
        const lastOfStream =
          !names.some((name, at) => at > index && name === names[index]) && names[index] !== "A";
        // Without positions to go by, only the last entry of a stream can vanish unseen.
        expect((await verify(renumbered)).kind).toBe(lastOfStream ? "intact" : "broken");
      }),
      { numRuns: 300 },
    );
  });

  test("the fault says where and why", async () => {
    const entries = ledgerOf(["A", "B", "A"]).map((entry, at) =>
      at === 1 ? { ...entry, data: "{}" } : entry,
    );
    expect(await verify(entries)).toMatchObject({
      kind: "broken",
      entries: 1,
      fault: {
        kind: "entry",
        stream: "change/B",
        version: 1,
        position: 1,
        reason: "Its content does not match its hash: it was changed after it was written.",
      },
    });
  });

  test("one stream by itself needs no positions", () => {
    const entries = ledgerOf(["A", "A", "A"]).map((entry) => ({ ...entry, position: null }));
    expect(streamFault(entries)).toBeNull();
    expect(streamFault(entries.slice(1))).toMatchObject({
      version: 2,
      reason: expect.stringContaining("Version 1"),
    });
  });
});
