import { describe, expect, test } from "vitest";
import { measuredEvery, withoutRepeats } from "../../../src/pipeline/evidence/without-repeats.ts";
import { gaussian, pointsOf, randomFrom, stepMs } from "./synthetic-series.ts";

const random = randomFrom(21);
const noise = Array.from({ length: 120 }, () => gaussian(random));

describe("withoutRepeats", () => {
  test("keeps one point per scrape, at the first step that shows it", () => {
    const points = pointsOf(Array.from({ length: 120 }, (_, index) => noise[Math.floor(index / 6)] ?? 0));
    expect(measuredEvery(points)).toBe(6 * stepMs);
    expect(withoutRepeats(points).map(([at]) => at / stepMs)).toEqual(
      Array.from({ length: 20 }, (_, index) => 6 * index),
    );
  });

  test("keeps equal values that were measured anew", () => {
    const scraped = [1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10];
    const points = pointsOf(Array.from({ length: 72 }, (_, index) => scraped[Math.floor(index / 6)] ?? 0));
    expect(withoutRepeats(points).map(([, value]) => value)).toEqual(scraped);
  });

  test("leaves alone what is measured at every step, and what moves only now and then", () => {
    expect(measuredEvery(pointsOf(noise))).toBeNull();
    const depth = pointsOf(noise.map((_, index) => (index % 17 === 0 ? 6 : 5)));
    expect(withoutRepeats(depth)).toEqual(depth);
    const flat = pointsOf(noise.map(() => 5));
    expect(withoutRepeats(flat)).toEqual(flat);
    expect(withoutRepeats([])).toEqual([]);
  });
});
