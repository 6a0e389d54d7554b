import { describe, expect, test } from "vitest";
import {
  ago,
  boolFlag,
  flagOf,
  internal,
  investigateWorld,
  jump,
  now,
  ownChange,
  rerankerWorld,
  type World,
} from "./world.ts";

async function chosen(world: World) {
  const result = await investigateWorld(world);
  const candidate = result.candidates.find(({ id }) => id === result.assessment.candidateId);
  return { ...result, candidate };
}

const errorsSince = (minutesAgo: number) => ({
  error_ratio: [{ value: jump(ago(minutesAgo), 0.004, 0.09) }],
});

describe("recommends", () => {
  test("limiting a newly exposed, slow variation to internal users", async () => {
    const { assessment, candidate } = await chosen(rerankerWorld());
    expect(assessment).toMatchObject({
      cause: "flag",
      confidence: "high",
      abstention: "",
      expected: { queryId: "latency", direction: "down", withinMs: 300_000 },
      route: { drafter: "rules", fellBack: null },
    });
    expect(candidate?.operation).toEqual({
      tool: "flag.limit_to_segment",
      segmentId: internal.id,
      segmentName: "Internal",
      variationId: "v-new",
      otherwiseVariationId: "v-base",
    });
  });

  test("the same from metrics over all users alone, less surely", async () => {
    const world = rerankerWorld();
    const { latency } = world.metrics ?? {};
    const { assessment, candidate } = await chosen({ ...world, metrics: { latency: latency ?? [] } });
    expect(candidate?.operation.tool).toBe("flag.limit_to_segment");
    expect(assessment.confidence).toBe("medium");
  });

  test("the same from series per variation alone", async () => {
    const world = rerankerWorld();
    const { latency_by_variation } = world.metrics ?? {};
    const { assessment, candidate } = await chosen({
      ...world,
      metrics: { latency_by_variation: latency_by_variation ?? [] },
    });
    expect(candidate?.operation.tool).toBe("flag.limit_to_segment");
    expect(assessment.expected?.queryId).toBe("latency_by_variation");
  });

  test("the earlier shares where there is no internal segment", async () => {
    const { candidate } = await chosen(rerankerWorld({ noInternalSegment: true }));
    expect(candidate?.operation).toEqual({ tool: "flag.serve_variation", rule: null, variationId: "v-base" });
  });

  test("turning off a flag that was turned on for everyone", async () => {
    const { assessment, candidate } = await chosen({
      changes: [{ at: ago(6), before: boolFlag("checkout", false), after: boolFlag("checkout", true) }],
      metrics: errorsSince(6),
      deploys: [],
    });
    expect(candidate?.operation).toEqual({ tool: "flag.turn_off" });
    expect(assessment.suspects[0]).toMatchObject({ flagKey: "checkout", confidence: "medium" });
  });

  test("turning on what was turned off", async () => {
    const { candidate } = await chosen({
      changes: [{ at: ago(6), before: boolFlag("cache", true), after: boolFlag("cache", false) }],
      metrics: errorsSince(6),
      deploys: [],
    });
    expect(candidate?.operation).toEqual({ tool: "flag.turn_on" });
  });

  test("a variation served whole again after it was replaced by another", async () => {
    const { candidate } = await chosen({
      changes: [
        { at: ago(6), before: flagOf("model", { "v-base": 100 }), after: flagOf("model", { "v-new": 100 }) },
      ],
      metrics: { latency: [{ value: jump(ago(6), 0.8, 2) }] },
      deploys: [],
    });
    expect(candidate?.operation).toEqual({ tool: "flag.serve_variation", rule: null, variationId: "v-base" });
  });

  test("a change that lowers a share of successes, judged by the failures", async () => {
    const { candidate } = await chosen({
      changes: [{ at: ago(6), before: boolFlag("checkout", false), after: boolFlag("checkout", true) }],
      metrics: { success_ratio: [{ value: jump(ago(6), 0.998, 0.96, 0.0005) }] },
      deploys: [],
    });
    expect(candidate?.operation.tool).toBe("flag.turn_off");
  });

  test("undoing the last step of a ramp-up, from what it was before that step", async () => {
    const steps = [0, 1, 20].map((share) => flagOf("ramp", { "v-base": 100 - share, "v-new": share }));
    const { candidate, candidates } = await chosen({
      changes: [
        { at: ago(50), before: steps[0] ?? null, after: steps[1] ?? null },
        { at: ago(6), before: steps[1] ?? null, after: steps[2] ?? null },
      ],
      metrics: { latency: [{ value: jump(ago(6), 0.8, 2) }] },
      deploys: [],
      noInternalSegment: true,
    });
    expect(candidate?.operation).toMatchObject({ tool: "flag.set_rollout" });
    expect(candidate?.diff.join()).toContain("reranker_v2 20% → 1%");
    expect(candidates.some(({ diff }) => diff.join().includes("reranker_v2 20% → 0%"))).toBe(true);
  });

  test("a flag among innocent ones whose variations do not differ", async () => {
    const world = rerankerWorld();
    const { candidate } = await chosen({
      ...world,
      changes: [
        ...(world.changes ?? []),
        { at: ago(5), before: boolFlag("banner", false), after: boolFlag("banner", true) },
      ],
    });
    expect(candidate?.flagKey).toBe("support_answer_profile");
  });

  test("a change of Signalman's own, and says so", async () => {
    const world = rerankerWorld();
    const [change] = world.changes ?? [];
    if (change === undefined) throw new Error("the world has a change");
    const { assessment, candidate, evidence } = await chosen({
      ...world,
      changes: [
        { ...change, comment: `Signalman ${ownChange} approved by Maya`, author: "Signalman (access token)" },
      ],
    });
    expect(evidence.items[0]).toMatchObject({ kind: "flag_change", ownChangeId: ownChange });
    expect(candidate?.summary).toContain(ownChange);
    expect(assessment.suspects[0]?.why).toContain(ownChange);
  });
});

describe("recommends nothing", () => {
  const innocent = {
    before: boolFlag("search_new_ranking", false),
    after: boolFlag("search_new_ranking", true),
  };

  const worlds: [string, World, { cause: string; says: RegExp }][] = [
    [
      "for a bad deploy after an innocent flag change",
      {
        changes: [{ at: ago(9), ...innocent }],
        metrics: errorsSince(6),
        deploys: [{ version: "1.42.0", at: ago(6) }],
      },
      { cause: "deploy", says: /1\.42\.0/ },
    ],
    [
      "where a deploy came just before the flag change",
      {
        changes: [{ at: ago(6), ...innocent }],
        metrics: errorsSince(5),
        deploys: [{ version: "1.42.0", at: ago(8) }],
      },
      { cause: "unknown", says: /either may be the cause/ },
    ],
    [
      "for a deploy without any flag change",
      { metrics: errorsSince(6), deploys: [{ version: "1.42.0", at: ago(6) }] },
      { cause: "deploy", says: /No flag of this service changed/ },
    ],
    [
      "for a change after the trouble had begun",
      { changes: [{ at: ago(5), ...innocent }], metrics: errorsSince(12), deploys: [] },
      { cause: "other", says: /after the trouble had begun/ },
    ],
    [
      "for a change long before the trouble",
      { changes: [{ at: ago(40), ...innocent }], metrics: errorsSince(6), deploys: [] },
      { cause: "other", says: /which is long/ },
    ],
    [
      "when both variations got worse alike",
      {
        changes: [
          {
            at: ago(6),
            before: flagOf("p", { "v-base": 100 }),
            after: flagOf("p", { "v-base": 50, "v-new": 50 }),
          },
        ],
        metrics: {
          latency: ["baseline", "reranker_v2"].map((variation) => ({
            labels: { variation },
            value: jump(ago(6), 0.8, 2.4),
          })),
        },
        deploys: [],
      },
      { cause: "other", says: /fare no worse/ },
    ],
    [
      "when the variation was as much slower before",
      {
        changes: [
          {
            at: ago(6),
            before: flagOf("p", { "v-base": 90, "v-new": 10 }),
            after: flagOf("p", { "v-base": 80, "v-new": 20 }),
          },
        ],
        metrics: {
          errors: [{ value: jump(ago(6), 1, 3) }],
          latency: [
            { labels: { variation: "baseline" }, value: jump(ago(6), 0.8, 0.8) },
            { labels: { variation: "reranker_v2" }, value: jump(ago(6), 2.4, 2.4) },
          ],
        },
        deploys: [],
      },
      { cause: "other", says: /fare no worse/ },
    ],
    [
      "when two flags changed at about the same time",
      {
        changes: [
          { at: ago(7), ...innocent },
          { at: ago(6), before: boolFlag("other", false), after: boolFlag("other", true) },
        ],
        metrics: errorsSince(6),
        deploys: [],
      },
      { cause: "unknown", says: /equally suspect/ },
    ],
    [
      "when another flag changed a little earlier",
      {
        changes: [
          { at: ago(10.5), before: boolFlag("other", false), after: boolFlag("other", true) },
          { at: ago(6), ...innocent },
        ],
        metrics: errorsSince(6),
        deploys: [],
      },
      { cause: "unknown", says: /equally suspect/ },
    ],
    [
      "when the alert came before the change, however late the metric shows it",
      {
        changes: [{ at: ago(6), ...innocent }],
        metrics: errorsSince(5.5),
        deploys: [],
        alert: { startedAt: ago(8) },
      },
      { cause: "other", says: /after the trouble had begun/ },
    ],
    [
      "when nothing got worse",
      {
        changes: [{ at: ago(6), ...innocent }],
        metrics: { error_ratio: [{ value: jump(ago(6), 0.004, 0.004) }] },
        deploys: [],
      },
      { cause: "unknown", says: /No metric of the catalogue got worse/ },
    ],
    [
      "when the metric is back",
      {
        changes: [{ at: ago(20), ...innocent }],
        metrics: {
          latency: [
            {
              value: (time) =>
                time > now - 1_200_000 && time < now - 300_000 ? 3 : 0.8 + 0.01 * Math.sin(time),
            },
          ],
        },
        deploys: [],
        alert: { startedAt: ago(18) },
      },
      { cause: "recovered", says: /back at their earlier level/ },
    ],
    [
      "when the alert is resolved",
      { ...rerankerWorld(), alertResolvedAt: ago(1) },
      { cause: "recovered", says: /resolved already/ },
    ],
    [
      "without telemetry",
      { ...rerankerWorld(), noTelemetry: true },
      { cause: "unknown", says: /no metrics/ },
    ],
    [
      "while Prometheus fails",
      { ...rerankerWorld(), fails: ["telemetry"] },
      { cause: "unknown", says: /no metrics/ },
    ],
    [
      "while the audit log cannot be read",
      { ...rerankerWorld(), fails: ["history"] },
      { cause: "unknown", says: /could not be read/ },
    ],
    [
      "when the change is undone already",
      {
        changes: [
          { at: ago(6), before: boolFlag("f", false), after: boolFlag("f", true) },
          { at: ago(2), before: boolFlag("f", true), after: boolFlag("f", false) },
        ],
        metrics: errorsSince(6),
        deploys: [],
      },
      { cause: "other", says: /not in effect any more/ },
    ],
    [
      "when only words of the flag were changed",
      {
        changes: [
          { at: ago(6), before: boolFlag("f", true), after: { ...boolFlag("f", true), name: "Better name" } },
        ],
        metrics: errorsSince(6),
        deploys: [],
      },
      { cause: "other", says: /nothing that users get/ },
    ],
    [
      "when the change reaches far too few users",
      {
        changes: [
          {
            at: ago(6),
            before: flagOf("f", { "v-base": 100 }),
            after: flagOf("f", { "v-base": 99, "v-new": 1 }),
          },
        ],
        metrics: { error_ratio: [{ value: jump(ago(6), 0.004, 0.6) }] },
        deploys: [],
      },
      { cause: "other", says: /too few users/ },
    ],
    [
      "for a flag of another service",
      {
        changes: [
          {
            at: ago(6),
            before: { ...boolFlag("f", false), tags: ["x"] },
            after: { ...boolFlag("f", true), tags: ["x"] },
          },
        ],
        metrics: errorsSince(6),
        deploys: [],
      },
      { cause: "other", says: /No flag of this service changed/ },
    ],
    [
      "when the metrics got worse long after the alert",
      {
        changes: [{ at: ago(6), ...innocent }],
        metrics: errorsSince(6),
        deploys: [],
        alert: { startedAt: ago(25) },
      },
      { cause: "unknown", says: /only 19 min after the alert began/ },
    ],
    [
      "when a segment that the flag uses was changed, whose reach is unknown",
      {
        changes: [
          {
            at: ago(6),
            before: boolFlag("f", true),
            after: boolFlag("f", true),
            comment: "Referenced segment 'Beta' has been updated.",
          },
        ],
        metrics: errorsSince(6),
        deploys: [],
      },
      { cause: "unknown", says: /how far it reaches/ },
    ],
    [
      "when the runbook allows no flag change",
      {
        ...rerankerWorld(),
        runbooks: [
          {
            id: "hands-off",
            title: "Hands off",
            symptoms: ["answers slow"],
            queries: [],
            allowedActions: [],
            maxRolloutPercent: null,
            owner: "support",
            manualSteps: ["Call the owner."],
          },
        ],
      },
      { cause: "flag", says: /no operation that is allowed/ },
    ],
  ];

  test.each(worlds)("%s", async (_, world, { cause, says }) => {
    const { assessment } = await chosen(world);
    expect(assessment.candidateId).toBeNull();
    expect(assessment.expected).toBeNull();
    expect(assessment.cause).toBe(cause);
    expect(assessment.abstention).toMatch(says);
  });
});

test("a boolean flag with the same value names does not borrow another flag's series", async () => {
  const at = ago(6);
  const { assessment } = await chosen({
    changes: [{ at, before: boolFlag("innocent", false), after: boolFlag("innocent", true) }],
    metrics: {
      error_ratio: [{ value: jump(at, 0.01, 0.03) }],
      errors_by_variation: [
        { labels: { variation: "true", feature_flag_key: "other" }, value: jump(at, 1, 9) },
        { labels: { variation: "false", feature_flag_key: "other" }, value: jump(at, 1, 1) },
      ],
    },
    deploys: [{ version: "2", at: ago(5.8) }],
  });
  expect(assessment.cause).toBe("deploy");
});
