import { describe, expect, it } from "vitest";
import { checks } from "../../src/commands/doctor/examine.ts";
import { play, seeds } from "../seeded/play.ts";
import { tool } from "../support/tools.ts";

/** All of them with SIGNALMAN_SEEDED=all, or by `npm run seeded`. */
const everyNth = process.env["SIGNALMAN_SEEDED"] === "all" ? 1 : 4;
const chosen = seeds.filter((_, index) => index % everyNth === 0);

describe("the doctor's seeds", () => {
  it("are at least forty, each with a name of its own, and every check has some", () => {
    expect(seeds.length).toBeGreaterThanOrEqual(40);
    expect(new Set(seeds.map(({ name }) => name)).size).toBe(seeds.length);
    const seeded = new Set(seeds.map(({ check }) => check));
    expect(checks.map(({ name }) => name).filter((name) => !seeded.has(name))).toEqual([]);
  });

  it(
    "are found and named, without a secret in a finding; a good set-up has none",
    { timeout: 240_000 },
    async () => {
      const { healthy, played } = await play(chosen, tool("redis-server"));
      expect(healthy).toEqual([]);
      expect(played.length).toBeGreaterThan(10);
      for (const { seed, found, said, leaked } of played) {
        expect(leaked, seed.name).toEqual([]);
        expect(found, `${seed.name} was not found; said: ${said.join("\n")}`).not.toBeNull();
        expect(found?.why, seed.name).not.toBe("");
        expect(found?.remedy, seed.name).not.toBe("");
      }
    },
  );
});
