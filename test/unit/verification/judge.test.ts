import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { improvedShare, judge, recoveredShare, type Verdict } from "../../../src/domain/verification.ts";
import { seeded } from "../../support/flag-arbitraries.ts";

type Levels = Parameters<typeof judge>[1];
const of = (healthy: number | null, troubled: number | null, now: number | null): Levels => ({
  healthy,
  troubled,
  now,
});

const table: [string, "up" | "down", Levels, Verdict][] = [
  ["all gone", "up", of(100, 200, 100), "recovered"],
  ["better than ever", "up", of(100, 200, 50), "recovered"],
  ["three quarters gone", "up", of(100, 200, 125), "recovered"],
  ["a little less than that", "up", of(100, 200, 126), "improved"],
  ["a quarter gone", "up", of(100, 200, 175), "improved"],
  ["a little less than a quarter", "up", of(100, 200, 176), "no_effect"],
  ["nothing moved", "up", of(100, 200, 200), "no_effect"],
  ["a quarter worse is still noise", "up", of(100, 200, 225), "no_effect"],
  ["more than a quarter worse", "up", of(100, 200, 226), "worse"],
  ["a rate that fell and came back", "down", of(99, 90, 98), "recovered"],
  ["a rate that fell further", "down", of(99, 90, 80), "worse"],
  ["never degraded, still fine", "up", of(100, 103, 101), "no_effect"],
  ["never degraded and now is", "up", of(100, 103, 120), "worse"],
  ["never degraded and now better", "up", of(100, 100, 10), "no_effect"],
  ["in the good direction all along", "up", of(100, 50, 50), "no_effect"],
  ["from nothing and back to nothing", "up", of(0, 5, 0), "recovered"],
  ["nothing at all", "up", of(0, 0, 0), "no_effect"],
  ["no healthy level, half gone", "up", of(null, 200, 100), "improved"],
  ["no healthy level, all gone: never called recovered", "up", of(null, 200, 0), "improved"],
  ["no healthy level, little moved", "up", of(null, 200, 190), "no_effect"],
  ["no healthy level, more of it", "up", of(null, 200, 250), "worse"],
  ["no healthy level, a rate that rose", "down", of(null, 80, 100), "improved"],
  ["no healthy level, nothing and nothing", "up", of(null, 0, 0), "no_effect"],
  ["no samples before", "up", of(100, null, 100), "no_data"],
  ["no samples after", "up", of(100, 200, null), "no_data"],
  ["no samples at all", "down", of(null, null, null), "no_data"],
];

test.each(table)("%s", (_, direction, levels, verdict) => {
  const judged = judge(direction, levels);
  expect(judged.verdict).toBe(verdict);
  expect(judged.reason).not.toBe("");
  expect(judged.reason).not.toMatch(/NaN|Infinity|undefined/);
});

test.each<[string, "up" | "down", Levels, string]>([
  ["better than ever", "up", of(100, 200, 50), "All of the damage is gone."],
  ["most of it gone", "up", of(100, 200, 120), "80% of the damage is gone."],
  ["a little worse", "up", of(100, 200, 210), "The metric moved by 10% of the damage, which is noise."],
  ["a small damage that became large", "up", of(100, 106, 200), "16 times larger"],
  ["from zero, nothing known to be healthy", "up", of(null, 0, 12), "It was at zero before the change"],
  [
    "a rate that stood still and runs",
    "down",
    of(null, 0, 12),
    "It was at zero before the change and is better",
  ],
  ["from next to nothing", "up", of(null, 1e-12, 5), "more than a thousand times worse"],
  ["half as much again", "up", of(null, 10, 15), "It is 50% worse"],
])("says it in figures that a person can read: %s", (_, direction, levels, words) => {
  const { reason } = judge(direction, levels);
  expect(reason).toContain(words);
  expect(reason).not.toMatch(/\d{4}|-\d/);
});

test("the shares that decide are what the documentation says", () => {
  expect([recoveredShare, improvedShare]).toEqual([0.75, 0.25]);
});

const level = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const levels = fc.record({ healthy: fc.option(level, { freq: 4 }), troubled: level, now: level });
const rank: Record<Verdict, number> = { no_data: -1, worse: 0, no_effect: 1, improved: 2, recovered: 3 };

describe("whatever the levels", () => {
  test("a better level now never gives a worse verdict", () => {
    let better = 0;
    fc.assert(
      fc.property(levels, fc.double({ min: 0, max: 1e6, noNaN: true }), (given, gain) => {
        const before = rank[judge("up", given).verdict];
        const after = rank[judge("up", { ...given, now: given.now - gain }).verdict];
        expect(after).toBeGreaterThanOrEqual(before);
        if (after > before) better += 1;
      }),
      seeded("judge: monotone", 8000),
    );
    expect(better).toBeGreaterThan(100);
  });

  test("a metric whose fall is bad is judged like its mirror image", () => {
    fc.assert(
      fc.property(levels, ({ healthy, troubled, now }) => {
        const mirrored = of(healthy === null ? null : -healthy, -troubled, -now);
        expect(judge("down", mirrored)).toEqual(judge("up", of(healthy, troubled, now)));
      }),
      seeded("judge: symmetric", 2000),
    );
  });

  test("the unit does not matter", () => {
    fc.assert(
      fc.property(
        fc.record({
          healthy: fc.integer({ min: 1, max: 1000 }),
          troubled: fc.integer({ min: 1, max: 1000 }),
          now: fc.integer({ min: 0, max: 1000 }),
        }),
        fc.constantFrom(0.5, 2, 1024),
        (given, factor) => {
          const scaled = of(given.healthy * factor, given.troubled * factor, given.now * factor);
          expect(judge("up", scaled).verdict).toBe(judge("up", given).verdict);
        },
      ),
      seeded("judge: any unit", 1000),
    );
  });

  test("without a healthy level it is never called recovered", () => {
    fc.assert(
      fc.property(
        level,
        level,
        fc.constantFrom("up" as const, "down" as const),
        (troubled, now, direction) => {
          expect(judge(direction, of(null, troubled, now)).verdict).not.toBe("recovered");
        },
      ),
      seeded("judge: no healthy level", 1000),
    );
  });
});
