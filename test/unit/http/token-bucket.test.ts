import * as fc from "fast-check";
import { expect, it } from "vitest";
import { tokenBucket } from "../../../src/adapters/http/token-bucket.ts";

it("gives a burst, then its rate, and says how long to wait", () => {
  let now = 0;
  const take = tokenBucket({ perSecond: 10, burst: 3 }, () => now);
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 100]);
  now = 40;
  expect(take()).toBe(60);
  now = 100;
  expect([take(), take()]).toEqual([0, 100]);
  now = 1_000_000;
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 100]);
});

it("never gives more than the burst and what has dropped in since, nor makes a patient sender wait", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }),
      (perSecond, burst, gaps) => {
        let now = 0;
        let given = 0;
        const take = tokenBucket({ perSecond, burst }, () => now);
        for (const gap of gaps) {
          now += gap;
          const waitMs = take();
          if (waitMs === 0) given += 1;
          else {
            expect(waitMs).toBeGreaterThanOrEqual(1);
            now += Math.ceil(waitMs);
            expect(take()).toBe(0);
            given += 1;
          }
          expect(given).toBeLessThanOrEqual(burst + (now * perSecond) / 1000 + 1e-6);
        }
      },
    ),
  );
});
