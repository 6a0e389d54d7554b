import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startDemo } from "./demo-process.ts";

/** What docs/observability.md promises of every line. */
const Line = z.looseObject({
  level: z.enum(["debug", "info", "warn", "error"]),
  time: z.iso.datetime(),
  role: z.literal("all"),
  correlationId: z.string(),
  intent: z.string().min(1),
  stage: z.string(),
  errorClass: z.string().optional(),
  msg: z.string().min(1),
});

describe("signalman demo --script", () => {
  it("plays all three scenarios as expected, twice on the same data", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalman-demo-data-"));
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    const log = join(folder, "log");
    const counts: (string | undefined)[] = [];
    while (counts.length < 2) {
      await using demo = startDemo(["--script", "--data", join(folder, "data"), "--log", log]);
      const code = await demo.ended();
      const last = demo.output().trim().split("\n").at(-1) ?? "";
      const [, steps, asExpected] = /^demo: (\d+) steps, (\d+) as expected$/.exec(last) ?? [];
      expect(code, demo.output()).toBe(0);
      expect(asExpected).toBe(steps);
      counts.push(steps);
    }
    expect(counts[0]).toBe(counts[1]);
    expect(Number(counts[0])).toBeGreaterThanOrEqual(29);

    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    const read = lines.map((line) => Line.parse(JSON.parse(line)));
    const ofStages = read.filter(({ stage, correlationId }) => stage !== "" && correlationId !== "");
    expect(new Set(ofStages.map(({ stage }) => stage)).size).toBeGreaterThanOrEqual(5);
    for (const line of read) {
      const isTrouble = line.level === "warn" || line.level === "error";
      expect("errorClass" in line, line.msg).toBe(isTrouble || "err" in line);
      if (line.level === "error" || "err" in line) expect(line.errorClass, line.msg).not.toBe("");
    }
  });
});
