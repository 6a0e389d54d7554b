import { describe, expect, test } from "vitest";
import { ago, boolFlag, flagOf, investigateWorld, jump, type World } from "./world.ts";

/** What the rules make of reach, doses, chance and names. The whole of it is measured by test/evals. */

async function concluded(world: World) {
  const { assessment, candidates } = await investigateWorld({ deploys: [], ...world });
  const chosen = candidates.find(({ id }) => id === assessment.candidateId);
  return { assessment, flag: chosen?.flagKey ?? null, says: assessment.abstention };
}

const rollout = (key: string, minutesAgo: number, from: number, to: number) => ({
  at: ago(minutesAgo),
  before: flagOf(key, { "v-base": 100 - from, "v-new": from }),
  after: flagOf(key, { "v-base": 100 - to, "v-new": to }),
});
const toggled = (key: string, minutesAgo: number) => ({
  at: ago(minutesAgo),
  before: boolFlag(key, false),
  after: boolFlag(key, true),
});

const rarely = (time: number): number => (Math.abs(Math.sin(time * 12.9898)) > 0.97 ? 0.02 : 0);

const perVariation = (base: [number, number], next: [number, number], from = -Infinity) => [
  { labels: { variation: "baseline" }, value: jump(ago(6), ...base) },
  { labels: { variation: "reranker_v2" }, value: jump(ago(6), ...next), from },
];

const failing = { error_ratio: [{ value: jump(ago(6), 0.004, 0.09) }] };
const changedBefore = (minutesAgo: number): World => ({
  changes: [toggled("f", minutesAgo)],
  metrics: failing,
});
const changedAmong = (others: NonNullable<World["changes"]>, minutesAgo = 6.8): World => ({
  changes: [toggled("f", minutesAgo), ...others],
  metrics: failing,
});

const rise = (time: number) => {
  const risen = Math.max(0, Math.min(1, (time - Date.parse(ago(6))) / 300_000));
  return (0.02 + 0.07 * risen ** 2) * (1 + 0.5 * Math.sin(time * 12.9898) * Math.cos(time / 7919));
};

describe("a change does no more than its users can", () => {
  test.each([
    [
      "failures of a third from two percent of the users",
      "error_ratio",
      0.004,
      0.33,
      0,
      2,
      /so large a rise/,
    ],
    ["a fall by half from a tenth of the users", "orders_success", 120, 60, 0, 10, /so deep a fall/],
    ["a p95 moved by one percent of the users", "latency_p95", 0.4, 2, 0, 1, /move the latency_p95/],
  ])("%s", async (_, query, before, after, from, to, says) => {
    const answer = await concluded({
      changes: [rollout("f", 6, from, to)],
      metrics: { [query]: [{ value: jump(ago(6), before, after) }] },
    });
    expect(answer.flag).toBeNull();
    expect(answer.says).toMatch(says);
  });

  test.each([
    ["failures of a tenth from a tenth of the users", "error_ratio", 0.004, 0.1, 10],
    ["a fall by half from half of the users", "orders_success", 120, 60, 50],
    ["a p95 moved by a tenth of the users", "latency_p95", 0.4, 2, 10],
  ])("%s is no contradiction", async (_, query, before, after, to) => {
    const answer = await concluded({
      changes: [rollout("f", 6, 0, to)],
      metrics: { [query]: [{ value: jump(ago(6), before, after) }] },
    });
    expect(answer.flag).toBe("f");
  });
});

describe("series per variation", () => {
  test("a variation that always was worse is to blame for what its new users meet", async () => {
    const answer = await concluded({
      changes: [rollout("f", 6.3, 10, 60)],
      metrics: {
        errors_ratio: [{ value: jump(ago(6), 0.04, 0.22) }],
        variation_ratio: perVariation([0.004, 0.004], [0.36, 0.36]),
      },
    });
    expect(answer).toMatchObject({ flag: "f", assessment: { confidence: "high" } });
  });

  test("… but not for far more than that", async () => {
    const answer = await concluded({
      changes: [rollout("f", 6, 10, 20)],
      metrics: {
        errors_ratio: [{ value: jump(ago(6), 0.02, 0.14) }],
        variation_ratio: perVariation([0.004, 0.004], [0.16, 0.16]),
      },
    });
    expect(answer.flag).toBeNull();
    expect(answer.says).toMatch(/fare no worse/);
  });

  test("rare failures that come by chance among the others do not clear the variation", async () => {
    const answer = await concluded({
      changes: [rollout("f", 6.3, 0, 30)],
      metrics: {
        errors_ratio: [{ value: jump(ago(6), 0.001, 0.1) }],
        variation_ratio: [
          { labels: { variation: "baseline" }, value: rarely },
          {
            labels: { variation: "reranker_v2" },
            value: jump(ago(6), 0.33, 0.33),
            from: Date.parse(ago(6.3)),
          },
        ],
      },
    });
    expect(answer).toMatchObject({ flag: "f", assessment: { confidence: "high" } });
  });

  test("a series without a flag's name belongs to the change with which it appeared", async () => {
    const answer = await concluded({
      changes: [rollout("slow_to_show", 20, 0, 40), rollout("namesake", 6.2, 0, 5)],
      metrics: {
        latency: [{ value: jump(ago(6), 0.8, 2.4) }],
        latency_by_variation: [
          { labels: { variation: "baseline" }, value: jump(ago(6), 0.8, 0.8) },
          {
            labels: { variation: "reranker_v2" },
            value: jump(ago(6), 0.8, 4.4),
            from: Date.parse(ago(20)),
          },
        ],
      },
    });
    expect(answer.flag).not.toBe("namesake");
  });
});

describe("chance", () => {
  const others = Array.from({ length: 12 }, (_, index) => toggled(`other_${index}`, 12 + 3.7 * index));

  test("a lone change is blamed some time later as well; one among others is not", async () => {
    expect((await concluded(changedBefore(6.5))).flag).toBe("f");
    expect((await concluded(changedBefore(7.6))).flag).toBe("f");
    const among = await concluded(changedAmong([toggled("g", 40)], 7.6));
    expect(among.flag).toBeNull();
    expect(among.says).toMatch(/by chance/);
    const long = await concluded(changedBefore(13));
    expect(long.flag).toBeNull();
    expect(long.says).toMatch(/which is long/);
  });

  test("where flags are changed all the time, being near says little", async () => {
    expect((await concluded(changedAmong([]))).flag).toBe("f");
    expect((await concluded(changedAmong(others))).flag).toBeNull();
  });

  test("a change that may have come before or after a slow onset keeps another from being blamed alone", async () => {
    const changes = [toggled("f", 6.2), toggled("g", 5.6)];
    const sharp = await concluded({ changes, metrics: failing });
    expect(sharp.flag).toBe("f");
    const slow = await concluded({ changes, metrics: { error_ratio: [{ value: rise }] } });
    expect(slow.flag).toBeNull();
  });
});

test("a clear sign elsewhere before the change clears it", async () => {
  const answer = await concluded({
    changes: [toggled("f", 6.2)],
    metrics: {
      error_ratio: [{ value: jump(ago(6), 0.004, 0.3) }],
      latency: [{ value: jump(ago(10), 0.4, 0.9) }],
    },
    alert: { startedAt: ago(5) },
  });
  expect(answer.flag).toBeNull();
  expect(answer.says).toMatch(/after the trouble had begun/);
});

test("metrics that left their level an hour before the alert are about something else", async () => {
  const answer = await concluded({
    changes: [toggled("f", 55)],
    metrics: { error_ratio: [{ value: jump(ago(54.8), 0.004, 0.09) }] },
    alert: { startedAt: ago(2) },
  });
  expect(answer.flag).toBeNull();
  expect(answer.says).toMatch(/before the alert began/);
});
