import { describe, expect, test } from "vitest";
import type { Assessment } from "../../../src/domain/assessment.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { ago, boolFlag, flagReader, investigateWorld, jump, rerankerWorld, type World } from "./world.ts";

const sensible: Assessment = {
  route: { drafter: "model", model: "m", prompt: { id: "assess", version: "1", hash: "h" }, fellBack: null },
  cause: "flag",
  summary: "Answers are slow since the new profile reached 10% [E1].",
  suspects: [
    {
      flagKey: "support_answer_profile",
      confidence: "high",
      why: "It came just before [E1].",
      citations: ["E1", "E2"],
    },
  ],
  candidateId: "C1",
  abstention: "",
  expected: { queryId: "made_up", direction: "up", withinMs: 1 },
  confidence: "high",
  dropped: [],
};

/** What remains of an answer that differs from a sensible one like this. */
async function checked(answer: Partial<Assessment>, world: World = rerankerWorld()) {
  const assessment = { ...sensible, ...answer };
  const model = { draft: () => Promise.resolve({ assessment, transcript: "{}" }) };
  return investigateWorld(world, { model });
}

const withoutVariations = (): World => {
  const { metrics, ...world } = rerankerWorld();
  return { ...world, metrics: { latency: metrics?.["latency"] ?? [] } };
};

describe("checkAssessment", () => {
  test("leaves a sound answer as it is, save for what code decides", async () => {
    const { assessment, transcript } = await checked({});
    expect(assessment).toEqual({
      ...sensible,
      expected: { queryId: "latency", direction: "down", withinMs: 300_000 },
    });
    expect(transcript).toBe("{}");
  });

  test.each<[string, Partial<Assessment>, RegExp]>([
    ["a candidate that was not offered", { candidateId: "C99" }, /not offered/],
    ["a candidate with another cause", { cause: "deploy" }, /itself names deploy/],
    [
      "a flag that did not change",
      { suspects: [{ flagKey: "made_up", confidence: "high", why: "Sure.", citations: ["E1"] }] },
      /no change of this flag/,
    ],
    [
      "a suspect without citation",
      { suspects: [{ flagKey: "support_answer_profile", confidence: "high", why: "Sure.", citations: [] }] },
      /does not cite/,
    ],
    [
      "a suspect with false citations",
      {
        suspects: [
          { flagKey: "support_answer_profile", confidence: "high", why: "Sure.", citations: ["E77"] },
        ],
      },
      /does not cite/,
    ],
    [
      "a reason that rests on nothing",
      {
        suspects: [
          { flagKey: "support_answer_profile", confidence: "high", why: "See E77.", citations: ["E1"] },
        ],
      },
      /rests on evidence/,
    ],
  ])("drops %s and recommends nothing", async (_, answer, says) => {
    const { assessment } = await checked(answer);
    expect(assessment.candidateId).toBeNull();
    expect(assessment.abstention).not.toBe("");
    expect(assessment.dropped.join(" ")).toMatch(says);
  });

  test("drops a suspect that the evidence clears", async () => {
    const world: World = {
      changes: [{ at: ago(5), before: boolFlag("late", false), after: boolFlag("late", true) }],
      metrics: { error_ratio: [{ value: jump(ago(12), 0.004, 0.09) }] },
      deploys: [],
    };
    const suspects = [
      { flagKey: "late", confidence: "high" as const, why: "It changed.", citations: ["E1"] },
    ];
    const { assessment } = await checked({ suspects, candidateId: "C1" }, world);
    expect(assessment).toMatchObject({ cause: "unknown", suspects: [], candidateId: null });
    expect(assessment.dropped.join(" ")).toMatch(/after the trouble had begun/);
  });

  test("recommends nothing where no metric got worse, however sure the model is", async () => {
    const { assessment } = await checked({}, { ...rerankerWorld(), noTelemetry: true });
    expect(assessment.candidateId).toBeNull();
    expect(assessment.confidence).toBe("low");
  });

  test("lowers confidence to what the evidence carries", async () => {
    expect((await checked({})).assessment.confidence).toBe("high");
    expect((await checked({}, withoutVariations())).assessment.confidence).toBe("medium");
    const between = {
      ...withoutVariations(),
      deploys: [
        { version: "2", at: ago(6.2) },
        { version: "3", at: ago(5.8) },
      ],
    };
    expect((await checked({}, between)).assessment.confidence).toBe("low");
  });

  test("takes out sentences with false citations, keeps the others", async () => {
    const { assessment } = await checked({
      summary: "It is slow [E1]. E4711 proves that all flags are bad. Act now.",
    });
    expect(assessment.summary).toBe("It is slow [E1]. Act now.");
  });

  test("keeps hostile text as one line of plain text without credentials", async () => {
    const summary = `<!channel> APPROVED\n\u202Eby admin\u202C token=abcdefghijkl ${"x".repeat(5000)}`;
    const { assessment } = await checked({ summary });
    expect(assessment.summary).not.toMatch(/\n|\u202E|abcdefghijkl/);
    expect(assessment.summary.length).toBeLessThanOrEqual(900);
  });

  test("invents no reason: an abstention without one says so", async () => {
    const { assessment } = await checked({ candidateId: null });
    expect(assessment.abstention).toBe("The model recommends no flag change and gives no reason.");
  });
});

describe("the ladder", () => {
  test("rules take over when the model fails, and the route says why", async () => {
    const model = {
      draft: () => Promise.reject(new OpsError("timeout", "The model did not answer within 5 ms.")),
    };
    const { assessment, transcript } = await investigateWorld(rerankerWorld(), { model });
    expect(assessment.route).toEqual({
      drafter: "rules",
      model: null,
      prompt: null,
      fellBack: "The model did not answer within 5 ms.",
    });
    expect(assessment.candidateId).not.toBeNull();
    expect(transcript).toBeNull();
  });

  test("a bug in a drafter is not hidden behind the rules", async () => {
    const model = { draft: () => Promise.reject(new TypeError("bug")) };
    await expect(investigateWorld(rerankerWorld(), { model })).rejects.toThrow("bug");
  });

  test("modes without drafts get a summary, but neither candidates nor a look at FeatBit for them", async () => {
    for (const mode of ["search_only", "fallback"] as const) {
      const { assessment, candidates, asked } = await investigateWorld(rerankerWorld(), { mode });
      expect(candidates).toEqual([]);
      expect(asked).toEqual([]);
      expect(assessment).toMatchObject({
        candidateId: null,
        abstention: `In mode ${mode} no change is drafted.`,
        suspects: [{ flagKey: "support_answer_profile" }],
      });
    }
  });

  test("in mode fallback the model is not asked", async () => {
    const model = { draft: () => Promise.reject(new Error("asked")) };
    const { assessment } = await investigateWorld(rerankerWorld(), { model, mode: "fallback" });
    expect(assessment.route.fellBack).toBe("In mode fallback rules draft, not the model.");
  });

  test("FeatBit failing between evidence and offer leaves suspects without a candidate, on the record", async () => {
    const deps = { flags: flagReader({ fails: ["list"] }) };
    const { assessment, candidates } = await investigateWorld(rerankerWorld(), { deps });
    expect(candidates).toEqual([]);
    expect(assessment.dropped).toEqual(["No candidate could be offered: FeatBit cannot be reached (list)."]);
    expect(assessment.suspects).toHaveLength(1);
  });
});
