import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Evidence } from "../../src/domain/evidence/evidence.ts";
import { type Documents, loadDocuments } from "../../src/documents/load-documents.ts";
import { loadThresholds, missesOf } from "./harness/check-thresholds.ts";
import { concludeWorld } from "./harness/conclude-world.ts";
import { generateWorld, seriesKinds } from "./harness/generate-world.ts";
import { loadCases } from "./harness/load-cases.ts";
import { playModel } from "./harness/play-model.ts";
import { reportOf } from "./harness/print-report.ts";
import { readOptions, UsageError } from "./harness/read-options.ts";
import { runWorlds } from "./harness/run-worlds.ts";
import { scoreConclusion } from "./harness/score.ts";
import { type ScriptedModel, scriptedModels } from "./harness/scripted-models.ts";
import { tally } from "./harness/tally.ts";
import { wilson } from "./harness/wilson.ts";
import type { World } from "./harness/world.ts";

/** The gate: what `npm run eval` measures, small enough for every commit. Full sizes run by command: docs/evals.md. */

const cases = loadCases(import.meta.dirname);
const thresholds = loadThresholds(join(import.meta.dirname, "thresholds.json"));
/** Of each kind of series. */
const worldsInGate = 200;

let documents: Documents;
beforeAll(() => {
  documents = loadDocuments({ governance: "governance", runbooks: "runbooks", prompts: "prompts" }, []);
});

test("there are at least sixty cases, of every class", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
  expect(new Set(cases.map((world) => world.class)).size).toBeGreaterThanOrEqual(14);
});

test("rules on all cases", async () => {
  const scores = await runWorlds(cases, cases.length, { documents, model: null });
  process.stdout.write(`${reportOf("rules, cases", scores, null)}\n`);
  expect(missesOf("rules, cases", tally(scores), thresholds)).toEqual([]);
}, 60_000);

test.each(seriesKinds)(
  "rules on generated worlds of which series are %s",
  async (series) => {
    const name = series === "averaged" ? "rules, gate" : "rules, scraped gate";
    const worlds = Array.from({ length: worldsInGate }, (_, index) => generateWorld(index + 1, series));
    const scores = await runWorlds(worlds, worlds.length, { documents, model: null });
    process.stdout.write(`${reportOf(name, scores, null)}\n`);
    expect(missesOf(name, tally(scores), thresholds)).toEqual([]);
  },
  60_000,
);

describe("a model that is", () => {
  const gathered = new Map<World, Evidence>();
  test.each(Object.keys(scriptedModels).filter((name): name is ScriptedModel => name in scriptedModels))(
    "%s",
    async (name) => {
      await using model = await playModel(name, documents);
      const scores = await runWorlds(cases, cases.length, { documents, model, gathered });
      expect(missesOf(`${name}, cases`, tally(scores), thresholds)).toEqual([]);
    },
    60_000,
  );
});

describe("the measuring itself", () => {
  const guilty = cases.find(({ name }) => name === "flag-turned-on");
  if (guilty === undefined) throw new Error("the case flag-turned-on is gone");

  test("tells a wrong flag, a wrong direction and an undue silence", async () => {
    const conclusion = await concludeWorld(guilty, { ladder: null, documents });
    const scored = (truth: Partial<typeof guilty.truth>) =>
      scoreConclusion({ ...guilty, truth: { ...guilty.truth, ...truth } }, conclusion);
    expect(scored({})).toMatchObject({ passed: true, flag: true, direction: true, reverse: true });
    expect(scored({ flags: {} })).toMatchObject({ passed: false, flag: false });
    expect(scored({ flags: { checkout_one_click: { harmful: "false" } } })).toMatchObject({
      passed: false,
      direction: false,
    });
    expect(scored({ tools: ["flag.add_targets"] })).toMatchObject({ passed: false, operation: false });
    const silent = scoreConclusion(guilty, { ...conclusion, proposed: null });
    expect(silent).toMatchObject({ passed: false, wanted: "recommend", recommended: null });
  });

  test("tells citations of what is not there, or of something else than the flag", async () => {
    const conclusion = await concludeWorld(guilty, { ladder: null, documents });
    const { assessment } = conclusion;
    const saying = (over: Partial<typeof assessment>) =>
      scoreConclusion(guilty, { ...conclusion, assessment: { ...assessment, ...over } }).citations;
    expect(saying({ summary: "It was so [E99]." })).toBe(false);
    const [suspect] = assessment.suspects;
    if (suspect === undefined) throw new Error("rules name a suspect here");
    expect(saying({ suspects: [{ ...suspect, citations: ["E2"] }] })).toBe(false);
    expect(saying({ candidateId: "C99" })).toBe(true);
    expect(
      scoreConclusion(guilty, { ...conclusion, assessment: { ...assessment, candidateId: "C99" } }),
    ).toMatchObject({ passed: false, offered: false });
  });

  test("nothing run, nothing bounded and nothing met are misses", () => {
    expect(missesOf("rules, cases", tally([]), thresholds)).toEqual(["rules, cases: no world was run."]);
    expect(missesOf("nobody", tally([]), thresholds)[0]).toMatch(/no bounds/);
  });

  test.each([
    ["--repeat", "0"],
    ["--repeat", ""],
    ["--worlds", "0"],
    ["--worlds", "abc"],
    ["--seed", "-1"],
    ["--only", "["],
    ["--drafter", "gpt"],
    ["--drafter", "openai", "--model", "nope"],
    ["--drafter", "openai", "--model", "live"],
    ["--price", "x"],
    ["--price", "1"],
    ["--bogus"],
    ["stray"],
  ])("%s %s is refused before anything runs", (...args) => {
    expect(() => readOptions(args, {})).toThrow(UsageError);
  });

  test("options are what they say", () => {
    expect(readOptions([], {})).toMatchObject({ drafter: { kind: "rules" }, worlds: null, repeat: 1 });
    const args = ["--drafter", "openai", "--model", "good", "--worlds", "3", "--price", "0.4,1.6"];
    expect(readOptions(args, {})).toMatchObject({
      drafter: { kind: "scripted", models: ["good"] },
      worlds: 3,
      price: { input: 0.4, output: 1.6 },
    });
  });

  test("intervals are Wilson's", () => {
    // 9 of 10: Wilson 1927 gives 0.596 to 0.982, as statsmodels' proportion_confint does.
    const { low, high } = wilson(9, 10);
    expect([low, high].map((share) => Number(share.toFixed(3)))).toEqual([0.596, 0.982]);
    expect(wilson(0, 100).low).toBe(0);
  });

  test("a seed gives one world, and every class comes up", () => {
    expect(generateWorld(17)).toEqual(generateWorld(17));
    const classes = Array.from({ length: 40 }, (_, seed) => generateWorld(seed).class);
    expect(new Set(classes).size).toBe(18);
  });
});
