import { describe, expect, test } from "vitest";
import { compareSeries, type SeriesQuestion } from "../../../src/pipeline/evidence/compare-series.ts";
import { type MeasureName, measures, pointsOf, randomFrom, stepMs } from "./synthetic-series.ts";

/**
 * How often the method errs, measured on made series whose truth is known: two hours, a sample every ten seconds.
 * `CHANGE_POINT_RUNS` sets how many of each; docs/evidence.md has the figures of 500.
 */
const runs = Number(process.env["CHANGE_POINT_RUNS"] ?? 60);
const samples = 720;
const question: SeriesQuestion = { badDirection: "up", ceiling: null, pivotAt: 0 };
const names: MeasureName[] = ["white", "spiky", "wandering", "windowed", "rare", "repeated"];
const baseOf = (name: MeasureName) => (name === "rare" ? 0.02 : 1);

function comparisons(name: MeasureName, level: (index: number, seed: number) => number, firstSeed: number) {
  return Array.from({ length: runs }, (_, run) => {
    const seed = firstSeed + run;
    const values = measures[name]((index) => level(index, seed) * baseOf(name), samples, randomFrom(seed));
    return compareSeries(pointsOf(values), question);
  });
}

/** A day of 8,640 samples; each seed begins at another hour. */
function season(index: number, seed: number): number {
  return 1 + 0.3 * Math.sin((2 * Math.PI * index) / 8640 + ((seed * 2.399963) % (2 * Math.PI)));
}

function trendOf(values: readonly number[]) {
  return compareSeries(pointsOf(values), question).trend;
}

function noisy(length: number, level: (index: number) => number): number[] {
  return measures.white(level, length, randomFrom(11));
}

const share = (count: number) => Math.round((100 * count) / runs);

describe("false alarms", () => {
  /** Highest share of series without a shift that may be called degraded, percent. */
  const limits: Record<MeasureName, number> = {
    white: 0,
    spiky: 0,
    wandering: 0,
    windowed: 2,
    rare: 5,
    repeated: 3,
  };

  test.each(names)("%s noise", (name) => {
    const alarms = comparisons(name, () => 1, 1).filter(({ trend }) => trend === "degraded").length;
    process.stdout.write(`false alarms, ${name}: ${alarms} of ${runs} (${share(alarms)} %)\n`);
    expect(share(alarms)).toBeLessThanOrEqual(limits[name]);
  });

  test.each(names)("%s noise in a daily season that swings by three tenths", (name) => {
    const alarms = comparisons(name, season, 5001).filter(({ trend }) => trend === "degraded").length;
    process.stdout.write(
      `false alarms in a daily season, ${name}: ${alarms} of ${runs} (${share(alarms)} %)\n`,
    );
    expect(share(alarms)).toBeLessThanOrEqual(limits[name]);
  });
});

describe("shifts", () => {
  interface Shape {
    factor: number;
    /** How many samples old the trouble is. */
    age: number;
    /** Samples until the full shift is reached; 0 for a step. */
    ramp: number;
    /** Lowest share that must be found, percent. */
    found: Record<MeasureName, number>;
    /** Latest median onset, samples after the true one. */
    late: Record<MeasureName, number>;
  }
  const shapes: readonly Shape[] = [
    {
      factor: 3,
      age: 60,
      ramp: 0,
      found: { white: 100, spiky: 97, wandering: 97, windowed: 97, rare: 97, repeated: 97 },
      late: { white: 0, spiky: 0, wandering: 0, windowed: 6, rare: 5, repeated: 0 },
    },
    {
      factor: 3,
      age: 18,
      ramp: 0,
      found: { white: 100, spiky: 97, wandering: 97, windowed: 70, rare: 60, repeated: 97 },
      late: { white: 0, spiky: 0, wandering: 0, windowed: 6, rare: 5, repeated: 0 },
    },
    {
      factor: 1.5,
      age: 60,
      ramp: 0,
      found: { white: 97, spiky: 95, wandering: 97, windowed: 85, rare: 15, repeated: 95 },
      late: { white: 0, spiky: 0, wandering: 1, windowed: 18, rare: 25, repeated: 3 },
    },
    {
      factor: 3,
      age: 60,
      ramp: 30,
      found: { white: 100, spiky: 97, wandering: 97, windowed: 97, rare: 90, repeated: 97 },
      late: { white: 6, spiky: 7, wandering: 8, windowed: 18, rare: 19, repeated: 14 },
    },
  ];

  for (const { factor, age, ramp, found, late } of shapes) {
    const onset = samples - age;
    const title = `${factor} times for ${age} samples${ramp === 0 ? "" : `, over ${ramp} samples`}`;
    const level = (index: number) => {
      if (index < onset) return 1;
      return 1 + (factor - 1) * (ramp === 0 ? 1 : Math.min(1, (index - onset) / ramp));
    };
    test.each(names)(`${title}, under %s noise`, (name) => {
      const hits = comparisons(name, level, 9001).filter(({ trend }) => trend === "degraded");
      const delays = hits
        .map(({ onsetAt }) => Date.parse(onsetAt ?? "") / stepMs - onset)
        .toSorted((a, b) => a - b);
      const at = (part: number) => delays[Math.floor(part * (delays.length - 1))] ?? NaN;
      process.stdout.write(
        `${title}, ${name}: found ${hits.length} of ${runs} (${share(hits.length)} %), ` +
          `onset late by ${at(0.05)}, ${at(0.5)}, ${at(0.95)} samples (p5, p50, p95)\n`,
      );
      expect(share(hits.length)).toBeGreaterThanOrEqual(found[name]);
      expect(at(0.5)).toBeLessThanOrEqual(late[name]);
      expect(at(0.5)).toBeGreaterThanOrEqual(-1);
    });
  }

  test("the size is told in the metric's own unit, whichever direction is bad", () => {
    const random = randomFrom(3);
    const values = measures.white((index) => (index < 600 ? 200 : 50), samples, random);
    const { trend, shift } = compareSeries(pointsOf(values), { ...question, badDirection: "down" });
    expect(trend).toBe("degraded");
    expect(shift?.size).toBeCloseTo(-150, -1);
    expect(shift?.relative).toBeCloseTo(-0.75, 1);
    expect(shift?.score).toBeGreaterThan(5);
  });

  test("from zero there is a size and no share", () => {
    const values = Array.from({ length: 100 }, (_, index) => (index < 80 ? 0 : 4));
    expect(compareSeries(pointsOf(values), question).shift).toEqual({ size: 4, relative: null, score: 1000 });
  });
});

describe("awkward series", () => {
  test("two wild samples at the very end are no level yet, three are", () => {
    expect(trendOf(noisy(samples, (index) => (index < samples - 2 ? 1 : 4)))).toBe("steady");
    expect(trendOf(noisy(samples, (index) => (index < samples - 3 ? 1 : 4)))).toBe("degraded");
  });

  test("what is measured once a minute does not count six times", () => {
    const twoScrapes = measures.repeated((index) => (index < 708 ? 1 : 3), samples, randomFrom(5));
    expect(trendOf(twoScrapes)).toBe("steady");
    const three = measures.repeated((index) => (index < 702 ? 1 : 3), samples, randomFrom(5));
    expect(trendOf(three)).toBe("degraded");
  });

  test("a scrape that failed for twenty minutes leaves no trace", () => {
    const points = pointsOf(noisy(samples, () => 1)).filter(([at]) => at < 300 * stepMs || at > 420 * stepMs);
    expect(compareSeries(points, question).trend).toBe("steady");
    const shifted = pointsOf(noisy(samples, (index) => (index < 650 ? 1 : 3))).filter(
      ([at]) => at < 300 * stepMs || at > 420 * stepMs,
    );
    const { trend, onsetAt } = compareSeries(shifted, question);
    expect([trend, Date.parse(onsetAt ?? "")]).toEqual(["degraded", 650 * stepMs]);
  });

  test("a restart's gap and its one wild rate are no shift", () => {
    const values = noisy(samples, () => 1);
    values.splice(500, 3, NaN, 40, Infinity);
    expect(trendOf(values)).toBe("steady");
  });

  test("a share that is NaN while there is no traffic is judged where there is some", () => {
    const values = noisy(samples, (index) => (index < 660 ? 0.01 : 0.3)).map((value, index) =>
      index % 3 === 0 ? NaN : value,
    );
    expect(trendOf(values)).toBe("degraded");
  });

  test("teeth that a series has all the time are no trouble of now", () => {
    expect(trendOf(noisy(samples, (index) => (index % 60 > 57 ? 4 : 1)))).toBe("steady");
  });
});
