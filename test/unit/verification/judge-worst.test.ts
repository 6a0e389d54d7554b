import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, judgeWorst, type Levels, type SeriesLevels } from "../../../src/domain/verification.ts";
import { seeded } from "../../support/flag-arbitraries.ts";

const one = (
  name: string,
  healthy: number | null,
  troubled: number | null,
  now: number | null,
): SeriesLevels => ({ name, healthy, troubled, now });

const quiet = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name) => one(name, 1, 1, 1));

describe("of many series the worst decides", () => {
  const table: [string, "up" | "down", SeriesLevels[], string, Partial<Levels>][] = [
    ["one of ten is still broken", "up", [...quiet, one("/pay", 1, 20, 20)], "no_effect", { now: 20 }],
    ["one of ten was broken and is well", "up", [...quiet, one("/pay", 1, 20, 1)], "recovered", { now: 1 }],
    ["one of ten breaks with the change", "up", [...quiet, one("/pay", 1, 1, 20)], "worse", { now: 20 }],
    ["two were broken, one still is", "up", [one("x", 1, 20, 1), one("y", 1, 15, 15)], "no_effect", {}],
    ["two were broken, one is half well", "up", [one("x", 1, 20, 1), one("y", 1, 21, 11)], "improved", {}],
    ["the rest only trembles", "up", [one("x", 1, 20, 1), one("y", 1, 1, 1.3)], "recovered", {}],
    [
      "a slow route that always was slow hides nothing",
      "up",
      [one("slow", 50, 50, 50), one("x", 1, 9, 9)],
      "no_effect",
      { healthy: 1 },
    ],
    [
      "nobody gets the bad variation any more",
      "up",
      [one("new", null, 20, null), one("old", 1, 1, 1)],
      "recovered",
      { healthy: 1, troubled: 20, now: 1 },
    ],
    [
      "every process is another one now, and no better",
      "up",
      [one("pod-1", 1, 20, null), one("pod-2", null, null, 20)],
      "no_effect",
      {},
    ],
    ["a share of successes", "down", [one("x", 99, 60, 61), one("y", 99, 99, 99)], "no_effect", { now: 61 }],
    ["nothing is known to be healthy", "up", [one("x", null, 20, 20), one("y", null, 1, 1)], "no_effect", {}],
    [
      "nothing is known to be healthy, successes",
      "down",
      [one("x", null, 60, 99), one("y", null, 99, 99)],
      "improved",
      {},
    ],
    ["nothing measured afterwards", "up", [one("x", 1, 20, null)], "no_data", { now: null }],
    ["measured once, long ago", "up", [one("x", 1, null, null)], "no_data", {}],
    ["nothing at all", "up", [], "no_data", { healthy: null, troubled: null, now: null }],
  ];
  test.each(table)("%s", (_, direction, series, verdict, levels) => {
    for (const order of [series, series.toReversed()]) {
      expect(judgeWorst(direction, order)).toMatchObject({ verdict, ...levels });
    }
  });

  test("and is named", () => {
    const { reason } = judgeWorst("up", [...quiet, one("route=/pay", 1, 20, 20)]);
    expect(reason).toMatch(/Worst of 10 series: route=\/pay\.$/);
  });

  test("a single series is judged as ever", () => {
    const level = fc.option(fc.integer({ min: -50, max: 50 }), { freq: 6 });
    const levels = fc.record({ healthy: level, troubled: level, now: level });
    fc.assert(
      fc.property(levels, fc.constantFrom("up" as const, "down" as const), (given, direction) => {
        expect(judgeWorst(direction, [{ name: "x", ...given }])).toEqual({
          ...given,
          ...judge(direction, given),
        });
      }),
      seeded("judge worst: one series", 1000),
    );
  });

  test("it is never called recovered while the worst damage is still there", () => {
    const level = fc.integer({ min: 0, max: 1000 });
    const series = fc.array(fc.record({ name: fc.uuid(), healthy: level, troubled: level, now: level }), {
      minLength: 1,
      maxLength: 8,
    });
    let broken = 0;
    fc.assert(
      fc.property(series, (given) => {
        const most = Math.max(
          ...given.map(({ healthy, troubled, now }) => Math.max(troubled, now) - healthy),
        );
        const left = Math.max(...given.map(({ healthy, now }) => now - healthy));
        if (left <= most / 2 || left < 100) return;
        broken += 1;
        expect(judgeWorst("up", given).verdict).not.toBe("recovered");
      }),
      seeded("judge worst: damage left", 2000),
    );
    expect(broken).toBeGreaterThan(200);
  });
});
