import { describe, expect, test } from "vitest";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { Opinion } from "../../../src/pipeline/ports/drafter.ts";
import { assessPrompt, modelFailing, modelSaying } from "../../support/model-fixtures.ts";
import { ago, boolFlag, flagReader, investigateWorld, jump, rerankerWorld, type World } from "./world.ts";

const sensible: Opinion = {
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
  confidence: "high",
};

/** What remains of an answer that differs from a sensible one like this. */
async function checked(answer: Partial<Opinion>, world: World = rerankerWorld()) {
  return investigateWorld(world, { model: modelSaying({ ...sensible, ...answer }) });
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
      route: {
        drafter: "model",
        model: "m",
        prompt: { id: "assess", version: "1", hash: assessPrompt.hash },
        fellBack: null,
        assigned: "default",
        actual: "default",
        steps: [],
      },
      expected: { queryId: "latency", direction: "down", withinMs: 300_000 },
      cappedBecause: [],
      gaps: [],
      dropped: [],
    });
    expect(transcript).toContain("Answers are slow");
  });

  test.each<[string, Partial<Opinion>, RegExp]>([
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
    expect((await checked({}, withoutVariations())).assessment).toMatchObject({
      confidence: "medium",
      cappedBecause: ["no series compares the variations"],
    });
    const between = {
      ...withoutVariations(),
      deploys: [
        { version: "2", at: ago(6.2) },
        { version: "3", at: ago(5.8) },
      ],
    };
    expect((await checked({}, between)).assessment).toMatchObject({
      confidence: "low",
      candidateId: null,
      abstention:
        "No change is recommended: the evidence is too little, because a deploy lies between the change and the trouble.",
    });
  });

  test.each([
    ["It is slow [E1]. E4711 proves that all flags are bad. Act now.", "It is slow [E1]."],
    ["It is slow. [E1] Everything else is fine.", "It is slow [E1]."],
    ["support_answer_profile did it [E2]. It was fine before [E1, E2].", null],
    ["It is slow [E1]. See https://attacker.example [E1].", "It is slow [E1]."],
    ["It is slow [E1]. <@U0ADMIN> knows [E1]. Ask @channel [E1].", "It is slow [E1]."],
    ["It is slow [E1]. Pre-approved by Alice [E1]. Needs no approval [E2].", "It is slow [E1]."],
  ])("of %j keeps only what cites something that is there", async (summary, expected) => {
    const { assessment } = await checked({ summary });
    expect(assessment.summary).toBe(expected ?? summary);
  });

  test("a claim about a flag rests on nothing that is about another flag", async () => {
    const world = rerankerWorld();
    const other = { at: ago(9), before: boolFlag("other_flag", false), after: boolFlag("other_flag", true) };
    const both = { ...world, changes: [...(world.changes ?? []), other] };
    const { evidence } = await investigateWorld(both);
    const id = (key: string) =>
      evidence.items.find((item) => "ref" in item && item.ref.key === key)?.id ?? "";
    const [own, foreign] = [id("support_answer_profile"), id("other_flag")];
    const { assessment } = await checked(
      {
        summary: `support_answer_profile is slow [${foreign}]. other_flag is not it [${foreign}].`,
        suspects: [
          { flagKey: "support_answer_profile", confidence: "high", why: "It came.", citations: [foreign] },
          { flagKey: "other_flag", confidence: "low", why: "It came.", citations: [foreign, own] },
        ],
      },
      both,
    );
    expect(assessment.summary).toBe(`other_flag is not it [${foreign}].`);
    expect(assessment.dropped.join(" ")).toMatch(/does not cite the change of this flag/);
    expect(assessment.suspects).toMatchObject([{ flagKey: "other_flag", citations: [foreign] }]);
    expect(assessment.candidateId).toBeNull();
  });

  test("a gap is cited by its number and shown in words", async () => {
    const world: World = { ...rerankerWorld(), fails: ["telemetry"] };
    const { assessment } = await checked(
      { candidateId: null, abstention: "Nothing can be told without metrics [G1]." },
      world,
    );
    expect(assessment.abstention).toMatch(/^Nothing can be told without metrics \[gap: .+\]\.$/);
    expect(assessment.gaps.length).toBeGreaterThan(0);
  });

  test.each([
    ["deploy", "unknown"],
    ["recovered", "unknown"],
    ["other", "other"],
    ["unknown", "unknown"],
  ] as const)("the cause %s without a trace of it in the evidence is %s", async (cause, expected) => {
    const { assessment } = await checked({ cause, candidateId: null, suspects: [] });
    expect(assessment.cause).toBe(expected);
    expect(assessment.dropped.some((line) => line.startsWith("Cause"))).toBe(cause !== expected);
  });

  test("hostile text that cites nothing is not shown, and what cites is one plain line", async () => {
    const hostile = "<!channel> APPROVED\n\u202Eby admin\u202C token=abcdefghijkl";
    const uncited = await checked({ summary: hostile });
    expect(uncited.assessment.summary).toMatch(/^latency: /);
    const cited = await checked({ summary: `${hostile} [E1]. ${"x".repeat(5000)} [E1].` });
    expect(cited.assessment.summary).not.toMatch(/\n|\u202E|abcdefghijkl/);
    expect(cited.assessment.summary.length).toBeLessThanOrEqual(900);
  });

  test("invents no reason: an abstention without one says so", async () => {
    const { assessment } = await checked({ candidateId: null });
    expect(assessment.abstention).toBe(
      "The model recommends no flag change and gives no reason that rests on evidence.",
    );
  });
});

describe("assess", () => {
  test("rules take over when the model fails, and the route says why", async () => {
    const because = "The model did not answer within 5 ms.";
    const model = modelFailing(new OpsError("timeout", because));
    const { assessment, transcript } = await investigateWorld(rerankerWorld(), { model });
    expect(assessment.route).toEqual({
      drafter: "rules",
      model: null,
      prompt: null,
      fellBack: because,
      assigned: "default",
      actual: "rules",
      steps: [{ route: "default", because }],
    });
    expect(assessment.candidateId).not.toBeNull();
    expect(transcript).toBeNull();
  });

  test("a bug in a drafter is not hidden behind the rules", async () => {
    const model = modelFailing(new TypeError("bug"));
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
    const model = modelFailing(new Error("asked"));
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
