import { describe, expect, it } from "vitest";
import { createPacer, type Urgency } from "../../../src/adapters/slack/pacer.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";

const limited = (retryAfterMs: number) => new OpsError("rate_limited", "wait", { retryAfterMs });

describe("the pace of one channel", () => {
  it("lets a burst through and then one message an interval, in order; other channels are not held up", async () => {
    const pacer = createPacer({ intervalMs: 50, burst: 2, patienceMs: 1000 });
    const sent: [string, number][] = [];
    const start = performance.now();
    const send = (channel: string, name: string) =>
      pacer.send(channel, "line", async () => void sent.push([name, performance.now() - start]));
    await Promise.all([send("A", "a1"), send("A", "a2"), send("A", "a3"), send("A", "a4"), send("B", "b1")]);
    expect(sent.map(([name]) => name).filter((name) => name.startsWith("a"))).toEqual([
      "a1",
      "a2",
      "a3",
      "a4",
    ]);
    const at = Object.fromEntries(sent);
    expect(at["a2"]).toBeLessThan(45);
    expect(at["b1"]).toBeLessThan(45);
    expect(at["a4"]).toBeGreaterThan(90);
  });

  it("obeys the time that Slack names, for the whole channel, and tries once more", async () => {
    const pacer = createPacer({ intervalMs: 1, burst: 5, patienceMs: 1000 });
    let refusals = 1;
    const start = performance.now();
    const first = pacer.send("A", "line", async () => {
      if (refusals-- > 0) throw limited(120);
      return performance.now() - start;
    });
    const second = pacer.send("A", "line", async () => performance.now() - start);
    expect(await first).toBeGreaterThanOrEqual(115);
    expect(await second).toBeGreaterThanOrEqual(115);
  });

  it("does not sit out a long pause: the caller gets it to wait for", async () => {
    const pacer = createPacer({ intervalMs: 1, burst: 5, patienceMs: 100 });
    let sends = 0;
    const send = () =>
      pacer.send("A", "line", async () => {
        sends += 1;
        throw limited(60_000);
      });
    await expect(send()).rejects.toMatchObject({ code: "rate_limited", retryable: true });
    await expect(send()).rejects.toSatisfy((error: OpsError) => (error.retryAfterMs ?? 0) > 50_000);
    expect(sends).toBe(1);
  });

  it("lets first cards overtake what waits, and critical ones all others", async () => {
    const pacer = createPacer({ intervalMs: 5, burst: 1, patienceMs: 1000 });
    const order: string[] = [];
    const send = (urgency: Urgency) => pacer.send("A", urgency, async () => void order.push(urgency));
    await Promise.all((["line", "line", "update", "card", "update", "alarm", "card"] as const).map(send));
    expect(order).toEqual(["line", "alarm", "card", "card", "update", "update", "line"]);
  });

  it("lets nobody wait any more once it is time to leave", async () => {
    const leaving = new AbortController();
    const options = { intervalMs: 60_000, burst: 1, patienceMs: 1000, leaving: leaving.signal };
    const pacer = createPacer(options);
    const ends = [1, 2, 3].map((nth) =>
      pacer.send("A", "line", async () => nth).catch((error: unknown) => error),
    );
    expect(await ends[0]).toBe(1);
    leaving.abort();
    const rest = await Promise.all([ends[1], ends[2], pacer.send("B", "card", async () => 4).catch(String)]);
    expect(rest.map(String)).toEqual(Array(3).fill(expect.stringContaining("Signalman is stopping")));
  });

  it("goes on after a failure", async () => {
    const pacer = createPacer({ intervalMs: 1, burst: 5, patienceMs: 100 });
    await expect(pacer.send("A", "line", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await pacer.send("A", "line", async () => "yes")).toBe("yes");
  });
});
