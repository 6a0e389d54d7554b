import { describe, expect, test } from "vitest";
import { createSeriesStore, type SeriesStore } from "../../../src/sandbox/prometheus/series-store.ts";
import { checkoutFlag, checkoutQueries, createCheckout } from "../../../src/sandbox/services/checkout.ts";
import {
  createSearch,
  searchDeployQuery,
  searchFlag,
  searchQueries,
} from "../../../src/sandbox/services/search.ts";
import type { ServiceQuery } from "../../../src/sandbox/services/service-query.ts";
import {
  createSupportAssistant,
  supportFlag,
  supportQueries,
} from "../../../src/sandbox/services/support-assistant.ts";
import { flagDocument, sentFlag } from "./flag-document.ts";
import { measure } from "./measure.ts";

const now = Date.parse("2026-07-01T12:00:00Z");
const minute = 60_000;
const changedAt = now - 12 * minute;

function p95Of(variation: string): string {
  const buckets = `support_answer_latency_seconds_bucket{variation="${variation}"}`;
  return `histogram_quantile(0.95, sum by (le) (rate(${buckets}[2m])))`;
}

function correctedOf(variation: string): string {
  const only = `{variation="${variation}"}[2m]`;
  return `sum(rate(support_answer_corrections_total${only})) / sum(rate(support_answer_requests_total${only}))`;
}

const answerProfile = { key: supportFlag.key, type: "string", values: ["baseline", "reranker_v2"] } as const;
const offOn = { type: "boolean", values: ["false", "true"] } as const;

function valuesAt(store: SeriesStore, queries: ServiceQuery[], at: number): number[] {
  return queries.map(({ query }) => measure(store, query, at));
}

describe("support assistant", () => {
  test("10 % on reranker_v2 shows in the history from the moment of the change, and goes on without a seam", async () => {
    const store = createSeriesStore();
    const offlineDocument = flagDocument(sentFlag({ ...answerProfile, share: 0.1 }));
    await using support = await createSupportAssistant({ offlineDocument, store, clock: () => now });
    await support.history({ minutes: 45, changedAt, before: supportFlag.baseline });

    for (const minutesAgo of [44, 30, 13]) {
      const [p95, corrections] = valuesAt(store, supportQueries(), now - minutesAgo * minute);
      expect(p95).toBeGreaterThan(0.74);
      expect(p95).toBeLessThan(0.86);
      expect(corrections).toBeCloseTo(0.04, 2);
    }
    for (const minutesAgo of [11, 5, 0]) {
      const [p95, corrections] = valuesAt(store, supportQueries(), now - minutesAgo * minute);
      expect(p95).toBeGreaterThan(2.2);
      expect(p95).toBeLessThan(2.9);
      expect(corrections).toBeGreaterThan(0.047);
      expect(corrections).toBeLessThan(0.062);
    }
    for (let at = now + 250; at <= now + 30_000; at += 250) await support.advance(at);
    const requests = `sum(rate(support_answer_requests_total[10s]))`;
    for (let at = now - 20_000; at <= now + 30_000; at += 1_000) {
      expect(measure(store, requests, at)).toBeGreaterThan(175);
      expect(measure(store, requests, at)).toBeLessThan(225);
      expect(measure(store, supportQueries()[0]?.query ?? "", at)).toBeGreaterThan(2.2);
    }
  });

  test("each variation by itself: p95 about 2.9 s and 18 % corrected, against 0.8 s and 4 %", async () => {
    const store = createSeriesStore();
    const offlineDocument = flagDocument(sentFlag({ ...answerProfile, share: 0.5 }));
    await using support = await createSupportAssistant({ offlineDocument, store, clock: () => now });
    await support.history({ minutes: 5 });
    expect(measure(store, p95Of("baseline"), now)).toBeCloseTo(0.8, 1);
    expect(measure(store, p95Of("reranker_v2"), now)).toBeCloseTo(2.9, 1);
    expect(measure(store, correctedOf("baseline"), now)).toBeCloseTo(0.04, 2);
    expect(measure(store, correctedOf("reranker_v2"), now)).toBeCloseTo(0.18, 1);
  });

  test.each([
    ["limited to staff by a rule", sentFlag({ ...answerProfile, share: 0, staffGet: "reranker_v2" })],
    ["turned off", sentFlag({ ...answerProfile, share: 1, enabled: false })],
    ["without the flag", sentFlag({ key: "another", type: "string", values: ["a", "b"], share: 0 })],
  ])("%s, the figures are healthy", async (_, flag) => {
    const store = createSeriesStore();
    await using support = await createSupportAssistant({
      offlineDocument: flagDocument(flag),
      store,
      clock: () => now,
    });
    await support.history({ minutes: 2 });
    const [p95, corrections] = valuesAt(store, supportQueries(), now);
    expect(p95).toBeLessThan(0.88);
    expect(corrections).toBeLessThan(0.045);
  });
});

test("checkout fails for 9 % once the flag is on for everyone, for 0.4 % before", async () => {
  const store = createSeriesStore();
  const offlineDocument = flagDocument(sentFlag({ ...offOn, key: checkoutFlag.key, share: 1 }));
  await using checkout = await createCheckout({ offlineDocument, store, clock: () => now });
  await checkout.history({ minutes: 30, changedAt, before: checkoutFlag.off });
  expect(valuesAt(store, checkoutQueries(), changedAt - minute)[0]).toBeCloseTo(0.004, 2);
  expect(valuesAt(store, checkoutQueries("1m"), changedAt - minute)[0]).toBeGreaterThan(0);
  expect(valuesAt(store, checkoutQueries(), now)[0]).toBeCloseTo(0.09, 2);
});

test("search gets slow with the deploy, not with the flag, for both variations alike; rolling back heals it", async () => {
  const store = createSeriesStore();
  const offlineDocument = flagDocument(sentFlag({ ...offOn, key: searchFlag.key, share: 0.5 }));
  await using search = await createSearch({ offlineDocument, store, clock: () => now });
  const deployedAt = now - 10 * minute;
  search.deploy("1.42.0", { at: deployedAt });
  await search.history({ minutes: 30, changedAt, before: searchFlag.off });

  const [before, afterFlag, afterDeploy] = [changedAt - minute, deployedAt - 10_000, now].map((at) =>
    valuesAt(store, searchQueries(), at),
  );
  expect(before?.[0]).toBeCloseTo(0.28, 1);
  expect(afterFlag?.[0]).toBeCloseTo(before?.[0] ?? NaN, 1);
  expect(afterDeploy?.[0]).toBeGreaterThan(1.2);
  expect(afterDeploy?.[1]).toBeCloseTo(0.03, 2);
  for (const variation of ["false", "true"]) {
    const slow = `histogram_quantile(0.95, sum by (le) (rate(search_request_latency_seconds_bucket{variation="${variation}"}[1m])))`;
    expect(measure(store, slow, now)).toBeGreaterThan(1.2);
  }
  expect(measure(store, 'deployment_info{version="1.41.0"}', deployedAt - 2_000)).toBe(1);
  expect(measure(store, searchDeployQuery, now)).toBe(1);
  expect(measure(store, 'deployment_info{version="1.42.0"}', now)).toBe(1);

  search.deploy("1.41.0", { at: now + 1, slow: false });
  for (let at = now + 250; at <= now + 11_000; at += 250) await search.advance(at);
  expect(valuesAt(store, searchQueries(), now + 11_000)[0]).toBeCloseTo(0.28, 1);
  expect(() => search.deploy("1.43.0", { at: now })).toThrow("deploy 1.43.0 must come after 1.41.0");
});

test("an evaluation server that does not answer is named, with what to check", async () => {
  const connection = { sdkKey: "x".repeat(44), streamingUri: "ws://127.0.0.1:9" };
  const { createFlagEvaluator } = await import("../../../src/sandbox/services/flag-evaluator.ts");
  await expect(createFlagEvaluator(connection, 200)).rejects.toThrow(
    "the FeatBit SDK got no flags from ws://127.0.0.1:9 in 200 ms: check the address and the SDK key",
  );
});
