import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  costsOfPrefixes,
  median,
  memoryOf,
  spreadAround,
} from "../../../src/pipeline/evidence/robust-statistics.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { gaussian, randomFrom } from "./synthetic-series.ts";

const figures = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 60 });

describe("costsOfPrefixes", () => {
  test("property: is the sum of absolute deviations from the median, for every prefix", () => {
    fc.assert(
      fc.property(figures, (values) => {
        const plainly = values.map((_, index) => {
          const prefix = values.slice(0, index + 1);
          const middle = median(prefix);
          return prefix.reduce((sum, value) => sum + Math.abs(value - middle), 0);
        });
        expect([...costsOfPrefixes(values)]).toEqual([0, ...plainly]);
      }),
      seeded("costsOfPrefixes", 500),
    );
  });
});

function noiseOf(keeps: number): number[] {
  const random = randomFrom(7);
  let last = 0;
  return Array.from({ length: 2000 }, () => (last = keeps * last + gaussian(random)));
}

describe("memoryOf", () => {
  test("is about 1 for independent noise, grows with what is remembered, and has a limit", () => {
    const [none, some, much] = [0, 0.4, 0.98].map((keeps) => {
      const residuals = noiseOf(keeps);
      return memoryOf(residuals, spreadAround(residuals));
    });
    expect(none).toBeLessThan(1.15);
    expect(some).toBeCloseTo(1.4 / 0.6, 0);
    expect(much).toBe(4);
  });

  test("is 1 where there is too little to tell", () => {
    expect(memoryOf([1, 1, 1], 1)).toBe(1);
    expect(
      memoryOf(
        Array.from({ length: 50 }, () => 0),
        0,
      ),
    ).toBe(1);
  });
});
