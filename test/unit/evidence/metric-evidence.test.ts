import { describe, expect, test } from "vitest";
import { itemsOf } from "../../../src/domain/evidence/evidence.ts";
import { later, toInstant } from "../../../src/domain/ids.ts";
import { MetricQuery } from "../../../src/domain/service.ts";
import type { Series, Telemetry } from "../../../src/pipeline/ports/telemetry.ts";
import { ago, jump, minutes, now } from "../drafting/world.ts";
import { ask, telemetryOf } from "./question.ts";

const query = (promql: string, more: Partial<MetricQuery> = {}) =>
  MetricQuery.parse({ id: "q", title: "p95 latency", promql, unit: "s", badDirection: "up", ...more });

const gather = (telemetry: Telemetry, queries = [query("latency")]) =>
  ask({ world: {}, service: { queries }, ports: { telemetry } });

describe("a metric as evidence", () => {
  test("says when it left its level, by how much, in its own unit", async () => {
    const evidence = await gather(telemetryOf(jump(ago(10), 0.8, 2.4)));
    const [metric] = itemsOf(evidence, "metric");
    expect(metric).toMatchObject({ trend: "degraded", unit: "s", onsetAt: ago(10), cohort: null });
    expect(metric?.shift?.size).toBeCloseTo(1.6, 1);
    expect(metric?.shift?.relative).toBeCloseTo(2, 1);
    expect(metric?.text[0]).toMatch(
      /^Left its level at 2026-03-01 11:50:00 UTC, by \+1\.\d+ s \(3 times as much, \d+ times its noise\)\.$/,
    );
  });

  test("names the variation its labels tell of", async () => {
    const one: Series = { labels: { variation: "v2", flag_key: "profile" }, points: [] };
    const telemetry: Telemetry = {
      range: async (...asked) => {
        const [series] = await telemetryOf(() => 1).range(...asked);
        return [{ ...one, points: series?.points ?? [] }];
      },
    };
    const [metric] = itemsOf(await gather(telemetry), "metric");
    expect(metric?.cohort).toEqual({ variation: "v2", flagKey: "profile" });
  });

  test("says that a series has ended", async () => {
    const telemetry: Telemetry = {
      range: async (...asked) => {
        const [series] = await telemetryOf(() => 1).range(...asked);
        const points = (series?.points ?? []).filter(([at]) => at < now - minutes(20));
        return [{ labels: {}, points }];
      },
    };
    const [metric] = itemsOf(await gather(telemetry), "metric");
    expect(metric?.text.at(-1)).toBe("No samples for 20 min since then.");
  });

  test("is not made of a counter without a rate; how to mend the query is said", async () => {
    const counters = ["http_requests_total", 'sum by (code) (http_errors_total{job="a-b/c"})'];
    for (const promql of counters) {
      const evidence = await gather(
        telemetryOf((at) => at),
        [query(promql)],
      );
      expect(itemsOf(evidence, "metric")).toEqual([]);
      expect(evidence.gaps[0]?.reason).toContain("put rate(");
    }
    const fine = [
      "rate(http_requests_total[5m])",
      "sum(increase(errors_total[5m])) / sum(increase(requests_total[5m]))",
      "queue_messages",
      "slow:requests_total:ratio / slow:all_total:ratio",
    ];
    for (const promql of fine) {
      expect(
        itemsOf(
          await gather(
            telemetryOf(() => 1),
            [query(promql)],
          ),
          "metric",
        ),
      ).toHaveLength(1);
    }
  });

  test("series, queries and texts beyond the limits are left out and counted", async () => {
    const labels = { long: "x".repeat(500), token: "Bearer abcdefghijklmnopqrstuvwx" };
    const telemetry: Telemetry = {
      range: async (...asked) => {
        const [series] = await telemetryOf(() => 1).range(...asked);
        return Array.from({ length: 150 }, (_, index) => ({
          labels: { ...labels, pod: `p${index}` },
          points: series?.points ?? [],
        }));
      },
    };
    const queries = Array.from({ length: 30 }, (_, index) => query("latency", { id: `q${index}` }));
    const evidence = await gather(telemetry, queries);
    expect(itemsOf(evidence, "metric")).toHaveLength(40);
    const reasons = evidence.gaps.map(({ reason }) => reason);
    expect(reasons).toContain("138 of 150 series are left out.");
    expect(reasons).toContain("6 queries were not asked; too many.");
    expect(reasons).toContain("248 of 288 items are left out, the least telling ones.");
    const text = JSON.stringify(evidence);
    expect(text).not.toContain("abcdefghijklmnopqrstuvwx");
    expect(text).not.toContain("x".repeat(121));
  });
});

/** An alert that began so many minutes ago. */
function young(telemetry: Telemetry, startedAgo: number) {
  return ask({
    world: { alert: { startedAt: ago(startedAgo) }, metrics: { latency: [] } },
    service: { queries: [query("latency")] },
    ports: { telemetry },
  });
}

function noisy(at: number): number {
  return 1 + 0.05 * Math.sin(at / 7_000);
}

describe("too early to tell", () => {
  test("is said, with when there are enough samples: three measurements and one more", async () => {
    const evidence = await young(telemetryOf(noisy, 60_000), 2);
    expect(evidence.lookAgainAt).toBe(later(ago(3), 4 * 60_000));
    expect(evidence.gaps.at(-1)?.reason).toMatch(/^Too few samples since the alert began/);
  });

  test("is not said where enough was measured, or something shows already", async () => {
    expect((await young(telemetryOf(noisy, 10_000), 2)).lookAgainAt).toBeUndefined();
    expect((await young(telemetryOf(jump(ago(20), 1, 3)), 0)).lookAgainAt).toBeUndefined();
  });

  test("is not said once the alert is resolved: nobody waits for more", async () => {
    const evidence = await ask({
      world: { alert: { startedAt: ago(2) }, alertResolvedAt: ago(0) },
      service: { queries: [query("latency")] },
      ports: { telemetry: telemetryOf(noisy, 60_000) },
    });
    expect(evidence.lookAgainAt).toBeUndefined();
    expect(toInstant(now)).toBe(ago(0));
  });
});
