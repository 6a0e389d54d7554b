import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOpenAiDrafter } from "../../../src/adapters/openai/openai-drafter.ts";
import { loadPrompts } from "../../../src/documents/load-prompts.ts";
import {
  failedAnswer,
  garbageAnswer,
  goodAnswer,
  lateAnswer,
  malformedAnswer,
  rateLimitedAnswer,
  refusedAnswer,
  truncatedAnswer,
} from "../../../src/sandbox/openai/model-answers.ts";
import { createOpenAiSandbox, type OpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";
import { ladderOf, routeOf } from "../../support/model-fixtures.ts";
import { investigateWorld, rerankerWorld } from "../../unit/drafting/world.ts";

let first: OpenAiSandbox;
let second: OpenAiSandbox;
beforeEach(async () => {
  first = await createOpenAiSandbox({ models: ["big"] });
  second = await createOpenAiSandbox({ models: ["small"], behaviour: suspecting });
});
afterEach(() => Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]));

const suspecting = goodAnswer({
  cause: "flag",
  summary: "Slow since the profile changed [E1].",
  suspects: [
    { flagKey: "support_answer_profile", confidence: "high", why: "It came first.", citations: ["E1"] },
  ],
  abstention: null,
  confidence: "high",
});

const ladder = () =>
  ladderOf(
    [
      { name: "default", server: first, model: "big" },
      { name: "fallback", server: second, model: "small" },
    ].map(({ name, server, model }) => {
      const timeoutMs = 700;
      const drafter = createOpenAiDrafter({
        apiKey: server.apiKey,
        baseUrl: server.baseUrl,
        model,
        timeoutMs,
      });
      return routeOf(drafter, { name, timeoutMs });
    }),
    { prompts: loadPrompts("prompts") },
  );

type Break = (server: OpenAiSandbox) => void;
const always = { times: Infinity };
/** Answers a completion that is cut or garbled on its way. */
const spoilt = (server: OpenAiSandbox, headers: Record<string, string>) =>
  server.faults.arm({ kind: "status", status: 200, body: '{"id":"x","choi', headers }, always);
const breaks: [string, Break, RegExp][] = [
  ["refuses connections", (server) => server.faults.arm({ kind: "drop" }, always), /cannot be reached/],
  [
    "is cut off by the network in the middle of the body",
    (server) => spoilt(server, { "content-length": "5000", connection: "close" }),
    /broke off in the middle of its answer/,
  ],
  [
    "sends what is not compressed as it says",
    (server) => spoilt(server, { "content-encoding": "gzip" }),
    /broke off in the middle of its answer/,
  ],
  ["hangs", (server) => server.faults.arm({ kind: "hang" }, always), /did not answer within 700 ms/],
  ["is late", (server) => server.behave(lateAnswer(3_000)), /did not answer within 700 ms/],
  ["fails", (server) => server.behave(failedAnswer), /failed with status 500/],
  ["is overrun", (server) => server.behave(rateLimitedAnswer), /over its rate or its quota/],
  [
    "refuses the key",
    (server) => server.faults.arm({ kind: "status", status: 401 }, always),
    /refused the key/,
  ],
  [
    "answers no JSON",
    (server) => server.behave(malformedAnswer),
    /does not fit, nor did it after one repair/,
  ],
  ["refuses to answer", (server) => server.behave(refusedAnswer), /refused to answer/],
  ["is cut off", (server) => server.behave(truncatedAnswer), /was cut off/],
  ["is a sign-in page", (server) => server.behave(garbageAnswer), /not answer in the format/],
  [
    "breaks the schema",
    (server) => server.behave(() => ({ kind: "text", text: '{"cause":"flag","summary":7}' })),
    /does not fit, nor did it after one repair/,
  ],
];

describe("where the primary model", () => {
  test.each(breaks)("%s, the fallback model drafts", async (_, breakDown, says) => {
    breakDown(first);
    const { assessment } = await investigateWorld(rerankerWorld(), { ladder: ladder() });
    expect(assessment.route).toMatchObject({
      drafter: "model",
      model: "small",
      assigned: "default",
      actual: "fallback",
      fellBack: null,
      prompt: { id: "assess" },
      steps: [{ route: "default", because: expect.stringMatching(says) }],
    });
    expect(assessment.candidateId).not.toBeNull();
  });

  test.each(breaks)("and the fallback model %s, the rules draft", async (_, breakDown, says) => {
    breakDown(first);
    breakDown(second);
    const { assessment } = await investigateWorld(rerankerWorld(), { ladder: ladder() });
    expect(assessment.route).toMatchObject({
      drafter: "rules",
      assigned: "default",
      actual: "rules",
      fellBack: expect.stringMatching(says),
    });
    expect(assessment.route.steps.map(({ route }) => route)).toEqual(["default", "fallback"]);
    expect(assessment.candidateId).not.toBeNull();
  });
});
