import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const holdMemory = new URL("../../../src/commands/start/hold-memory.ts", import.meta.url);

async function answerOf(script: string, ...flags: string[]): Promise<unknown> {
  const whole = `import { setTimeout as delay } from "node:timers/promises"; import { holdYoungSpace, releaseMemoryAtRest } from "${holdMemory.href}"; ${script}`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    "--input-type=module",
    "--eval",
    whole,
  ]);
  return JSON.parse(stdout);
}

/** Bytes of heap that a process holds after it has let go of a lot, and those that it held before. */
async function heldAfter(meanwhile: string): Promise<{ before: number; after: number }> {
  const answer = await answerOf(`
    let kept = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
    const before = process.memoryUsage().heapTotal;
    kept = null;
    releaseMemoryAtRest(100);
    ${meanwhile}
    console.log(JSON.stringify({ before, after: process.memoryUsage().heapTotal }));
  `);
  return z.object({ before: z.number(), after: z.number() }).parse(answer);
}

/** Megabytes of the space for new objects, after a lot of them lived for a moment. */
async function youngAfter(held: string): Promise<number> {
  const answer = await answerOf(`
    import { getHeapSpaceStatistics } from "node:v8";
    ${held}
    for (let turn = 0; turn < 20; turn += 1) {
      Array.from({ length: 300_000 }, (_, index) => ({ index }));
      await delay(1);
    }
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size / 1e6);
  `);
  return z.number().parse(answer);
}

describe("memory that is free", () => {
  test("is given back at rest", async () => {
    const { before, after } = await heldAfter("await delay(1500);");
    expect(after).toBeLessThan(before / 2);
  });

  test("is kept while there is something to do", async () => {
    const busy =
      "for (let turn = 0; turn < 100; turn += 1) { const end = performance.now() + 10; while (performance.now() < end); await delay(1); }";
    const { before, after } = await heldAfter(busy);
    expect(after).toBeGreaterThan(before / 2);
  });
});

test("new objects get no more room than they were given, and as much again after a rest", async () => {
  const [held, rested] = await Promise.all([
    youngAfter("holdYoungSpace();"),
    youngAfter("holdYoungSpace(); releaseMemoryAtRest(100); await delay(800);"),
  ]);
  expect(held).toBeLessThan(20);
  expect(rested).toBeGreaterThan(10);
  expect(rested).toBeLessThan(40);
});

test("a machine that has no such room gives what it has", async () => {
  const small = ["--max-semi-space-size=2", "--max-old-space-size=128"];
  expect(await answerOf("holdYoungSpace(); console.log(1);", ...small)).toBe(1);
});
