import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startDemo } from "./demo-process.ts";

describe("signalman demo --script", () => {
  it("plays all three scenarios as expected, twice on the same data", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalman-demo-data-"));
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    const counts: (string | undefined)[] = [];
    while (counts.length < 2) {
      await using demo = startDemo(["--script", "--data", join(folder, "data")]);
      const code = await demo.ended();
      const last = demo.output().trim().split("\n").at(-1) ?? "";
      const [, steps, asExpected] = /^demo: (\d+) steps, (\d+) as expected$/.exec(last) ?? [];
      expect(code, demo.output()).toBe(0);
      expect(asExpected).toBe(steps);
      counts.push(steps);
    }
    expect(counts[0]).toBe(counts[1]);
    expect(Number(counts[0])).toBeGreaterThanOrEqual(29);
  });
});
