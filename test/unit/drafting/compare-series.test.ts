import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareSeries, type Point } from "../../../src/pipeline/evidence/compare-series.ts";
import { seeded } from "../../support/flag-arbitraries.ts";

const stepMs = 10_000;
const question = { badDirection: "up", ceiling: null, pivotAt: 200 * stepMs } as const;

/** Points of a level per index, each with noise of at most `share` of the level. */
function series(levels: readonly number[], noise: readonly number[] = [0], share = 0): Point[] {
  return levels.map((level, index) => [
    index * stepMs,
    level * (1 + share * (noise[index % noise.length] ?? 0)),
  ]);
}

const flat = (length: number, level: number) => Array.from({ length }, () => level);
const noises = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 20, maxLength: 97 });

const trendOf = (levels: number[]) => compareSeries(series(levels), question).trend;

describe("compareSeries", () => {
  test("dates a step and measures both sides", () => {
    const found = compareSeries(series([...flat(300, 0.8), ...flat(20, 2.4)]), question);
    expect(found.trend).toBe("degraded");
    expect(Date.parse(found.onsetAt ?? "")).toBe(300 * stepMs);
    expect(found.before).toEqual({ mean: expect.closeTo(0.8), max: 0.8, samples: 300 });
    expect(found.after).toEqual({ mean: expect.closeTo(2.4), max: 2.4, samples: 20 });
  });

  test("sees an improvement, a recovery and a short trouble long gone", () => {
    expect(trendOf([...flat(200, 2.4), ...flat(200, 0.8)])).toBe("improved");
    expect(trendOf([...flat(300, 0.8), ...flat(60, 2.4), ...flat(20, 0.8)])).toBe("recovered");
    expect(trendOf([...flat(600, 0.8), ...flat(20, 2.4), ...flat(100, 0.8)])).toBe("recovered");
  });

  test("dates the present trouble, not one that came and went before", () => {
    const levels = [...flat(100, 0.8), ...flat(50, 2.4), ...flat(150, 0.8), ...flat(30, 2.4)];
    const { trend, onsetAt } = compareSeries(series(levels), question);
    expect(trend).toBe("degraded");
    expect(Date.parse(onsetAt ?? "")).toBe(300 * stepMs);
  });

  test("is not misled by single spikes, few samples or a constant zero", () => {
    const spiky = flat(300, 1).map((value, index) => (index % 97 === 0 ? 50 : value));
    expect(compareSeries(series(spiky), question).trend).toBe("steady");
    expect(compareSeries(series([1, 1, 9, 9, 9]), question).trend).toBe("no_data");
    expect(compareSeries([], question)).toMatchObject({
      trend: "no_data",
      before: { samples: 0, mean: null },
    });
    expect(compareSeries(series(flat(300, 0)), question).trend).toBe("steady");
  });

  test("judges a falling share of successes by the failures", () => {
    const levels = series([...flat(300, 99.9), ...flat(20, 97)]);
    const down = { badDirection: "down", pivotAt: 0 } as const;
    expect(compareSeries(levels, { ...down, ceiling: 100 }).trend).toBe("degraded");
    expect(compareSeries(levels, { ...down, ceiling: null }).trend).toBe("steady");
  });

  test("splits around the pivot where nothing happened", () => {
    const { before, after } = compareSeries(series(flat(300, 1)), question);
    expect([before.samples, after.samples]).toEqual([200, 100]);
  });

  test("property: a clear step is found where it is, whatever the noise, the size and the place", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 300 }),
        fc.integer({ min: 4, max: 100 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.double({ min: 2, max: 50, noNaN: true }),
        noises,
        (before, after, level, factor, noise) => {
          const points = series([...flat(before, level), ...flat(after, level * factor)], noise, 0.1);
          const { trend, onsetAt } = compareSeries(points, question);
          expect(trend).toBe("degraded");
          expect(Math.abs(Date.parse(onsetAt ?? "") / stepMs - before)).toBeLessThanOrEqual(1);
        },
      ),
      seeded("compareSeries finds a step", 1000),
    );
  });

  test("property: noise without a shift is no shift", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 300 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        noises,
        (length, level, noise) => {
          const { trend } = compareSeries(series(flat(length, level), noise, 0.09), question);
          expect(trend).toBe("steady");
        },
      ),
      seeded("compareSeries sees nothing in noise", 1000),
    );
  });

  test("property: any points give figures that add up, and missing samples are only missing", () => {
    const anything = fc.array(fc.oneof(fc.double(), fc.constant(NaN), fc.constant(Infinity)), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(anything, fc.constantFrom("up" as const, "down" as const), (values, badDirection) => {
        const points = values.map((value, index): Point => [index * stepMs, value]);
        const sound = values.filter(Number.isFinite);
        const { before, after } = compareSeries(points, { badDirection, ceiling: 1, pivotAt: 50 * stepMs });
        expect(before.samples + after.samples).toBe(sound.length);
        expect(before.mean === null).toBe(before.samples === 0);
        expect(after.max === null).toBe(after.samples === 0);
      }),
      seeded("compareSeries takes anything", 1000),
    );
  });
});
