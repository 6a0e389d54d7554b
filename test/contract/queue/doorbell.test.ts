import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDoorbell, type DoorbellConnection } from "../../../src/adapters/queue/doorbell.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import type { Doorbell } from "../../../src/pipeline/ports/queue.ts";
import { availableQueues, silent, type OpenQueue } from "./queues.ts";

describe.each(availableQueues())("doorbell on $title", ({ title, open }) => {
  let queue: OpenQueue;
  let doorbell: Doorbell & AsyncDisposable;
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    queue = stack.use(await open());
    doorbell = stack.use(await createDoorbell(queue.connection, silent));
  });
  afterAll(() => stack.disposeAsync());

  it("starts an idle worker at once", async () => {
    const rung = new Map<string, (at: number) => void>();
    await using _ = await doorbell.answer("verify", 4, async (subject) =>
      rung.get(subject)?.(performance.now()),
    );
    const waits: number[] = [];
    for (let trial = 0; trial < 200; trial++) {
      await delay(15); // idle again
      const subject = `CHG-${trial}`;
      const started = new Promise<number>((resolve) => rung.set(subject, resolve));
      const from = performance.now();
      await doorbell.ring("verify", subject);
      waits.push((await started) - from);
    }
    const { p50, p99 } = report(`${title}: 200 idle wakes`, waits);
    expect(p50).toBeLessThan(25);
    expect(p99).toBeLessThan(250);
  });

  it("starts every row committed between a drain's last read and its end", async () => {
    const trials = 1000;
    const subjects = 20;
    const rows = new Map<string, number>();
    const committedAt = new Map<string, number>();
    const started = new Map<string, () => void>();
    const latencies: number[] = [];
    const afterLastRead = new Map<string, () => void>();

    await using _ = await doorbell.answer("notify", subjects, async (subject) => {
      const taken = rows.get(subject) ?? 0;
      rows.set(subject, 0);
      const at = committedAt.get(subject);
      if (taken > 0 && at !== undefined) {
        latencies.push(performance.now() - at);
        started.get(subject)?.();
      }
      // Everything was read. What is committed from here to the end of this drain is what easily gets lost.
      afterLastRead.get(subject)?.();
      await delay(Math.random() * 8);
    });

    const lost: string[] = [];
    const play = async (subject: string, rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        const window = new Promise<void>((resolve) => afterLastRead.set(subject, resolve));
        await doorbell.ring("notify", subject);
        await window;
        afterLastRead.delete(subject);
        const seen = new Promise<true>((resolve) => started.set(subject, () => resolve(true)));
        committedAt.set(subject, performance.now());
        rows.set(subject, 1);
        await doorbell.ring("notify", subject); // the one ring that the relay gives for this row
        const deadline = delay(2_000, false, { ref: false });
        if (!(await Promise.race([seen, deadline]))) lost.push(`${subject} round ${round}`);
      }
    };
    await Promise.all(
      Array.from({ length: subjects }, (_, index) => play(`INC:${index}`, trials / subjects)),
    );
    report(`${title}: ${trials} rows committed at a drain's end`, latencies);
    expect(lost).toEqual([]);
    expect(latencies).toHaveLength(trials);
  }, 60_000);

  it("runs again within 5 s what a worker that was killed twice had begun", async () => {
    const subject = `CHG-killed-${process.pid}`;
    await doorbell.ring("execute", subject);
    for (let kill = 0; kill < 2; kill++) {
      const worker = startWorker(queue.connection);
      expect(String(await once(worker.stdout, "data")).trim()).toBe(subject);
      worker.kill("SIGKILL");
      await once(worker, "exit");
    }
    const from = performance.now();
    const again = Promise.withResolvers<string>();
    await using _ = await doorbell.answer("execute", 1, async (rung) => again.resolve(rung));
    expect(await again.promise).toBe(subject);
    const waited = performance.now() - from;
    process.stdout.write(`${title}: after two kills it ran again in ${waited.toFixed(0)} ms\n`);
    expect(waited).toBeLessThan(5_000);
  }, 40_000);

  it("rings a timer when it is due, and neither it nor a ring for now holds the other back", async () => {
    const calls: number[] = [];
    const subject = "CHG-timer";
    await using _ = await doorbell.answer("expire", 2, async (rung) => {
      if (rung === subject) calls.push(Date.now());
    });
    const dueAt = Date.now() + 600;
    await doorbell.ring("expire", subject, toInstant(dueAt));
    await doorbell.ring("expire", subject, toInstant(dueAt)); // the sweeper, once more
    const from = Date.now();
    await doorbell.ring("expire", subject);
    await delay(1_200);
    expect(calls).toHaveLength(2);
    expect(calls[0]).toBeLessThan(from + 300);
    expect(calls[1]).toBeGreaterThanOrEqual(dueAt);
    expect(calls[1]).toBeLessThan(dueAt + 400);
  });

  it("coalesces rings that come while a subject is being drained into one more drain", async () => {
    let drains = 0;
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    await using _ = await doorbell.answer("review", 1, async () => {
      drains++;
      begun.resolve();
      await gate.promise;
    });
    await doorbell.ring("review", "CHG-1");
    await begun.promise;
    for (let ring = 0; ring < 10; ring++) await doorbell.ring("review", "CHG-1");
    gate.resolve();
    await delay(500);
    expect(drains).toBe(2);
  });

  it("rings again soon after every connection was cut", async () => {
    const heard: string[] = [];
    await using _ = await doorbell.answer("investigate", 1, async (subject) => void heard.push(subject));
    await delay(100);
    await queue.sever();
    const from = performance.now();
    while (heard.length === 0) {
      // A job whose worker lost its connection while it was handed over is silent until its lock has run out.
      if (performance.now() - from > 12_000) throw new Error("no ring arrived within 12 s");
      await doorbell.ring("investigate", "INC-1").catch(() => undefined); // the sweeper does the same
      await delay(100);
    }
    process.stdout.write(`${title}: heard again ${(performance.now() - from).toFixed(0)} ms after the cut\n`);
  }, 15_000);

  it("rings again after a drain that failed", async () => {
    const calls: string[] = [];
    await using _ = await doorbell.answer("intake", 1, async (subject) => {
      calls.push(subject);
      if (calls.length === 1) throw new Error("the database went away");
    });
    await doorbell.ring("intake", "source");
    await delay(200);
    await doorbell.ring("intake", "source");
    await delay(300);
    expect(calls).toEqual(["source", "source"]);
  });
});

function startWorker(connection: DoorbellConnection) {
  return spawn(
    process.execPath,
    [path.join(import.meta.dirname, "ringer-process.ts"), JSON.stringify(connection)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
}

function report(what: string, milliseconds: readonly number[]): { p50: number; p99: number } {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const figures = { p50: at(0.5), p99: at(0.99) };
  process.stdout.write(`${what}: p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms\n`);
  return figures;
}
