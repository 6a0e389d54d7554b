import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { createFeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import { createPrometheusSandbox } from "../../../src/sandbox/prometheus/prometheus-sandbox.ts";
import { checkoutFlag, checkoutQueries, createCheckout } from "../../../src/sandbox/services/checkout.ts";
import {
  createSupportAssistant,
  supportFlag,
  supportQueries,
} from "../../../src/sandbox/services/support-assistant.ts";

const env = "shop/prod";
const maya = "maya@example.com";
const variations = [
  { id: "a-baseline", name: "Baseline", value: supportFlag.baseline },
  { id: "b-reranker", name: "Reranker v2", value: supportFlag.suspect },
];
const everyone = (id: string) => ({ id, rollout: [0, 1] as [number, number], exptRollout: 1 });
const serveAll = (id: string) => ({ dispatchKey: null, includedInExpt: false, variations: [everyone(id)] });

const Answer = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })).length(1) }),
});

async function ask(url: string, query: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  return Number(Answer.parse(await response.json()).data.result[0]?.value[1]);
}

/** Milliseconds until a query falls below a limit; fails after 15 s. */
async function timeUntilBelow(url: string, query: string, limit: number): Promise<number> {
  const from = performance.now();
  for (;;) {
    const value = await ask(url, query);
    const elapsed = performance.now() - from;
    if (value < limit) return elapsed;
    if (elapsed > 15_000) throw new Error(`${query} is still ${value}, not below ${limit}, after 15 s`);
    await sleep(250);
  }
}

test("metrics recover within about ten seconds after a person really changes the flag in FeatBit", async () => {
  await using featbit = await createFeatBitSandbox();
  const { environments } = featbit.seed({
    users: [{ name: "Maya", email: maya }],
    projects: [{ key: "shop", name: "Shop", environments: [{ key: "prod", name: "Prod" }] }],
    segments: [
      {
        env,
        key: "internal",
        id: "0198c0de-0000-7000-8000-000000000001",
        rules: [
          {
            id: "s1",
            name: "staff",
            conditions: [{ id: "s2", property: "team", op: "Equal", value: "internal" }],
          },
        ],
      },
    ],
    flags: [
      {
        env,
        key: supportFlag.key,
        variationType: "string",
        variations,
        isEnabled: true,
        disabledVariationId: "a-baseline",
        fallthrough: {
          dispatchKey: null,
          includedInExpt: false,
          variations: [
            { id: "a-baseline", rollout: [0, 0.9], exptRollout: 1 },
            { id: "b-reranker", rollout: [0.9, 1], exptRollout: 1 },
          ],
        },
      },
      { env, key: checkoutFlag.key, isEnabled: true },
    ],
  });
  await using prometheus = await createPrometheusSandbox();
  const connection = {
    sdkKey: environments.get(env)?.serverSecret ?? "",
    streamingUri: featbit.streamingUrl,
    eventsUri: featbit.evaluationUrl,
    store: prometheus.store,
  };
  await using support = await createSupportAssistant(connection);
  await using checkout = await createCheckout(connection);
  const changedAt = Date.now() - 3 * 60_000;
  await Promise.all([
    support.history({ minutes: 6, changedAt, before: supportFlag.baseline }),
    checkout.history({ minutes: 6, changedAt, before: checkoutFlag.off }),
  ]);
  support.start();
  checkout.start();
  await sleep(1_500);

  const [p95 = "", corrections = ""] = supportQueries().map(({ query }) => query);
  const [errors = ""] = checkoutQueries().map(({ query }) => query);
  expect(await ask(prometheus.url, p95)).toBeGreaterThan(2);
  expect(await ask(prometheus.url, corrections)).toBeGreaterThan(0.047);
  expect(await ask(prometheus.url, errors)).toBeGreaterThan(0.07);

  await featbit.as(maya).toggle({ env, key: checkoutFlag.key }, false);
  await featbit.as(maya).retarget(
    { env, key: supportFlag.key },
    {
      fallthrough: serveAll("a-baseline"),
      rules: [
        {
          id: "r1",
          name: "internal users",
          dispatchKey: null,
          includedInExpt: false,
          conditions: [
            {
              id: "c1",
              property: "User is in segment",
              op: "",
              value: '["0198c0de-0000-7000-8000-000000000001"]',
            },
          ],
          variations: [everyone("b-reranker")],
        },
      ],
    },
  );
  const [p95Ms, correctionsMs, errorsMs] = await Promise.all([
    timeUntilBelow(prometheus.url, p95, 0.9),
    timeUntilBelow(prometheus.url, corrections, 0.045),
    timeUntilBelow(prometheus.url, errors, 0.008),
  ]);
  for (const elapsedMs of [p95Ms, correctionsMs, errorsMs]) expect(elapsedMs).toBeLessThan(12_500);
  const staffOnReranker = `sum(rate(support_answer_requests_total{variation="${supportFlag.suspect}"}[5s]))`;
  expect(await ask(prometheus.url, staffOnReranker)).toBeGreaterThan(0);
  expect(featbit.insights.length).toBeGreaterThan(0);
});
