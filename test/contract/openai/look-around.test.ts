import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createOpenAiDrafter } from "../../../src/adapters/openai/openai-drafter.ts";
import { loadPrompts } from "../../../src/documents/load-prompts.ts";
import { InvestigationLimits } from "../../../src/domain/investigation-limits.ts";
import { ModelBudget } from "../../../src/domain/model-budget.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { ControlReading } from "../../../src/domain/policy/controls.ts";
import type { ToolCall } from "../../../src/domain/tool-call.ts";
import type { AssessDeps } from "../../../src/pipeline/drafting/assess.ts";
import { ChatRequest } from "../../../src/sandbox/openai/chat-request.ts";
import type { ModelAnswer, ModelBehaviour } from "../../../src/sandbox/openai/model-answers.ts";
import {
  createOpenAiSandbox,
  type OpenAiSandbox,
  type OpenAiSandboxOptions,
} from "../../../src/sandbox/openai/openai-sandbox.ts";
import { ladderOf, memoryBudgets, routeOf } from "../../support/model-fixtures.ts";
import { readingRulebook } from "../../support/read-contracts.ts";
import { latency, runbook } from "../../unit/drafting/look-world.ts";
import {
  allowingRulebook,
  flagReader,
  investigateWorld,
  reading,
  rerankerWorld,
  telemetryOf,
} from "../../unit/drafting/world.ts";

const apiKey = "sk-very-secret-key-of-the-test";
const prompts = loadPrompts("prompts");

let servers: AsyncDisposableStack;
beforeEach(() => {
  servers = new AsyncDisposableStack();
});
afterEach(() => servers.disposeAsync());

const serve = async (options: OpenAiSandboxOptions = {}) =>
  servers.use(await createOpenAiSandbox({ apiKey, ...options }));

const drafterAt = (server: OpenAiSandbox) =>
  createOpenAiDrafter({ apiKey, baseUrl: server.baseUrl, model: "sandbox-model", timeoutMs: 5_000 });

/** Assesses the reranker's world with models at these servers, the first one first. */
async function assessWith(
  [first, second]: [OpenAiSandbox, OpenAiSandbox?],
  {
    investigation = true,
    lookAround = true,
    limits = {},
    budget = {},
    timeoutMs = 10_000,
    retries = 0,
  }: {
    investigation?: boolean;
    lookAround?: boolean;
    limits?: Partial<InvestigationLimits>;
    budget?: Partial<ModelBudget>;
    timeoutMs?: number;
    retries?: number;
  } = {},
) {
  const world = rerankerWorld();
  const recorded: ToolCall[] = [];
  const controls: ControlReading = { ...reading, investigation };
  const budgets = memoryBudgets();
  const deps: Partial<AssessDeps> = {
    rulebook: {
      ...allowingRulebook,
      contracts: new Map([...allowingRulebook.contracts, ...readingRulebook().contracts]),
    },
    ...(lookAround && {
      lookAround: {
        ports: { flags: flagReader(world), telemetry: telemetryOf(world), runbooks: [runbook] },
        controls: { read: async () => controls },
        limits: InvestigationLimits.parse(limits),
        budgetMs: 1_000,
        record: async (_, call) => void recorded.push(call),
      },
    }),
  };
  const routes = [routeOf(drafterAt(first), { timeoutMs, retries })];
  if (second !== undefined) routes.push(routeOf(drafterAt(second), { name: "fallback", timeoutMs }));
  const result = await investigateWorld(world, {
    ladder: ladderOf(routes, { prompts, budgets, budget: ModelBudget.parse(budget) }),
    deps,
    investigation,
  });
  return { ...result, recorded, budgets };
}

const sentTo = (server: OpenAiSandbox) => server.requests.map(({ body }) => ChatRequest.parse(body));
const offersTools = (request: ChatRequest) => request.tools !== undefined;
const toolMessages = (request: ChatRequest | undefined) =>
  (request?.messages ?? []).filter(({ role }) => role === "tool").map(({ content }) => content);

const call = (name: string, asked: unknown) => ({ name, arguments: asked });
const asking = (...calls: { name: string; arguments: unknown }[]): ModelAnswer => ({ kind: "calls", calls });
const enough: ModelAnswer = { kind: "text", text: "enough" };
const conclusion = {
  cause: "flag",
  summary: "Slow since the profile changed [E1].",
  suspects: [
    { flagKey: "support_answer_profile", confidence: "high", why: "It came first [E1].", citations: ["E1"] },
  ],
  candidateId: "C2",
  abstention: null,
  confidence: "high",
};

/** Looks around as told, in turn, then concludes with what it was shown last cited beside the change. */
function looking(...turns: ModelAnswer[]): ModelBehaviour {
  let next = 0;
  return (request) => {
    if (offersTools(request)) return turns[next++] ?? enough;
    const user = request.messages[1]?.content;
    const document = z
      .object({
        investigation: z.object({ calls: z.array(z.object({ evidence: z.array(z.string()) })) }).optional(),
      })
      .parse(JSON.parse(typeof user === "string" ? user : ""));
    const shown = document.investigation?.calls.flatMap(({ evidence }) => evidence) ?? [];
    const summary = `${conclusion.summary}${shown.map((id) => ` A closer look agrees [${id}].`).join("")}`;
    return { kind: "content", content: { ...conclusion, summary } };
  };
}

describe("with the control on", () => {
  test("the model calls tools, is shown evidence, and concludes the old way, citing it", async () => {
    const server = await serve({
      behaviour: looking(
        asking(call("metric_query", latency)),
        asking(call("flag_read", { flagKey: "support_answer_profile" })),
      ),
    });
    const { assessment, added, evidence, recorded, transcript } = await assessWith([server]);
    const [first, second, third, last] = sentTo(server);
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(first?.tools?.map(({ function: { name, strict } }) => [name, strict])).toEqual([
      ["metric_query", true],
      ["flag_read", true],
      ["audit_read", true],
      ["runbook_read", true],
      ["deploy_read", true],
    ]);
    expect(first?.response_format).toBeUndefined();
    const next = `E${evidence.items.length + 1}`;
    expect(toolMessages(second)).toEqual([expect.stringContaining(`"id":"${next}"`)]);
    expect(toolMessages(third)).toHaveLength(2);
    // The conclusion is a conversation of its own, in the strict format, and all it knows of the look is evidence.
    expect(last?.tools).toBeUndefined();
    expect(last?.messages.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(last?.response_format?.type).toBe("json_schema");
    expect(added).toMatchObject([{ id: next, kind: "metric", queryId: "latency" }]);
    expect(assessment.summary).toContain(`A closer look agrees [${next}].`);
    expect(assessment.candidateId).toBe("C2");
    expect(assessment.route.investigation).toEqual({
      prompt: { id: "investigate", version: "1", hash: expect.stringMatching(/^sha256:/) },
      calls: 2,
      ended: "The model wanted to see no more.",
    });
    expect(recorded.map(({ tool, outcome }) => `${tool} ${outcome}`)).toEqual([
      "metric.query answered",
      "flag.read answered",
    ]);
    const { exchanges } = z
      .object({ exchanges: z.array(z.object({ answer: z.string() })) })
      .parse(JSON.parse(transcript ?? ""));
    expect(exchanges).toHaveLength(4);
    expect(exchanges[0]?.answer).toContain("metric_query(");
    expect(transcript).not.toContain(apiKey);
  });

  test("a limit ends it, the answer to the last call and the conclusion say so", async () => {
    const server = await serve({
      behaviour: looking(
        asking(...[10, 20, 30].map((stepSeconds) => call("metric_query", { ...latency, stepSeconds }))),
        asking(call("metric_query", latency)),
      ),
    });
    const { recorded, assessment } = await assessWith([server], { limits: { calls: 2 } });
    expect(recorded.map(({ outcome }) => outcome)).toEqual(["answered", "answered", "refused"]);
    const sent = sentTo(server);
    expect(sent.filter(offersTools)).toHaveLength(1);
    expect(sent.at(-1)?.messages[1]?.content).toContain(
      '"ended":"The limit of 2 calls is met. Nothing more can be looked at: conclude."',
    );
    expect(assessment.candidateId).toBe("C2");
  });

  test("what is refused is answered, so that the conversation goes on", async () => {
    const server = await serve({
      behaviour: looking(
        asking(
          call("flag_turn_off", { flagKey: "support_answer_profile" }),
          call("<!channel> no name", {}),
          call("metric_query", "not JSON"),
          call("metric_query", { ...latency, queryId: "sum(rate(x[5m]))" }),
        ),
        asking(call("metric_query", latency)),
      ),
    });
    const { recorded } = await assessWith([server]);
    expect(recorded.map(({ outcome }) => outcome)).toEqual([
      "refused",
      "refused",
      "refused",
      "refused",
      "answered",
    ]);
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(toolMessages(sentTo(server)[1])).toHaveLength(4);
  });

  test("a server that knows no tools is asked without, and the record says why", async () => {
    const server = await serve({ tools: false, behaviour: looking() });
    const { assessment, recorded } = await assessWith([server]);
    expect(server.requests.map(({ status }) => status)).toEqual([400, 200]);
    expect(recorded).toEqual([]);
    expect(assessment.route).toMatchObject({
      actual: "default",
      steps: [],
      investigation: { calls: 0, ended: expect.stringMatching(/refused the request with status 400/) },
    });
    expect(assessment.candidateId).toBe("C2");
  });

  test.each<[string, ModelAnswer, RegExp]>([
    ["fails", { kind: "status", status: 500 }, /status 500/],
    ["is garbage", { kind: "garbage" }, /did not answer in the format/],
    ["is cut off", { kind: "text", text: "I think", finishReason: "length" }, /cut off/],
    ["refuses", { kind: "refusal", refusal: "No." }, /refused to answer/],
  ])(
    "an answer in the middle that %s ends the look, and the same model concludes with what it was shown",
    async (_, broken, says) => {
      const server = await serve({ behaviour: looking(asking(call("metric_query", latency)), broken) });
      const { assessment, added } = await assessWith([server]);
      expect(assessment.route).toMatchObject({ actual: "default", steps: [] });
      expect(assessment.route.investigation).toMatchObject({ calls: 1, ended: expect.stringMatching(says) });
      expect(added).toHaveLength(1);
      expect(assessment.summary).toContain("A closer look agrees");
    },
  );

  test("where that model cannot conclude either, the next one goes on with what is left of the limits", async () => {
    const calls = asking(...[10, 20].map((stepSeconds) => call("metric_query", { ...latency, stepSeconds })));
    const down = await serve({
      behaviour: (request) =>
        offersTools(request) && request.messages.length === 2 ? calls : { kind: "status", status: 500 },
    });
    const more = asking(...[30, 40].map((stepSeconds) => call("metric_query", { ...latency, stepSeconds })));
    const standIn = await serve({ behaviour: looking(more) });
    const { assessment, recorded, added } = await assessWith([down, standIn], { limits: { calls: 3 } });
    expect(assessment.route).toMatchObject({ actual: "fallback", steps: [{ route: "default" }] });
    expect(recorded.map(({ outcome }) => outcome)).toEqual(["answered", "answered", "answered", "refused"]);
    expect(new Set(added?.map(({ id }) => id)).size).toBe(3);
    // It is shown what the first one had looked up.
    expect(JSON.stringify(sentTo(standIn).at(-1)?.messages)).toContain(added?.[0]?.id ?? "none");
  });

  test("a retry of the conclusion does not look around again", async () => {
    let failing = 1;
    const behaviour = looking(asking(call("metric_query", latency)));
    const server = await serve({
      behaviour: (request) =>
        !offersTools(request) && failing-- > 0 ? { kind: "status", status: 503 } : behaviour(request),
    });
    const { recorded, assessment } = await assessWith([server], { retries: 1 });
    expect(recorded).toHaveLength(1);
    expect(sentTo(server).filter(offersTools)).toHaveLength(2);
    expect(assessment.candidateId).toBe("C2");
  });

  test("nor does a retry where looking around had failed", async () => {
    let failing = 1;
    const server = await serve({
      tools: false,
      behaviour: (request) => (failing-- > 0 ? { kind: "status", status: 503 } : looking()(request)),
    });
    const { assessment } = await assessWith([server], { retries: 1 });
    expect(server.requests.map(({ status }) => status)).toEqual([400, 503, 200]);
    expect(assessment.route.actual).toBe("default");
  });

  test("it takes half of the time at most: a model that hangs still has the rest to conclude", async () => {
    const conclude = looking();
    const server = await serve({
      behaviour: async (request) =>
        offersTools(request) ? { kind: "late", delayMs: 3_000, after: enough } : conclude(request),
    });
    const { assessment } = await assessWith([server], { timeoutMs: 2_000 });
    expect(assessment.route).toMatchObject({
      actual: "default",
      investigation: { ended: "The time for it, 1000 ms, is over." },
    });
    expect(assessment.candidateId).toBe("C2");
  });

  test("it takes half of an incident's tokens at most", async () => {
    const turns = Array.from({ length: 4 }, (_, turn) =>
      asking(call("metric_query", { ...latency, stepSeconds: 10 + turn })),
    );
    const server = await serve({ behaviour: looking(...turns) });
    const whole = await assessWith([server], { limits: { calls: 20 } });
    const spent = [...whole.budgets.sums].find(([name]) => name.startsWith("model-tokens/"))?.[1] ?? 0;
    expect(whole.recorded).toHaveLength(4);
    const poor = await serve({ behaviour: looking(...turns) });
    const tokensPerIncident = Math.round(spent * 0.8);
    const { assessment, recorded } = await assessWith([poor], {
      limits: { calls: 20 },
      budget: { tokensPerIncident },
    });
    expect(recorded.length).toBeLessThan(4);
    expect(recorded.length).toBeGreaterThan(0);
    expect(assessment.route.investigation?.ended).toMatch(/budget of \d+ tokens for one incident/);
    expect(assessment.candidateId).toBe("C2");
  });

  test("a ledger that is away is no failure of the model's: the work is tried again", async () => {
    const server = await serve({ behaviour: looking(asking(call("metric_query", latency))) });
    const away = new OpsError("unreachable", "PostgreSQL is away.");
    const world = rerankerWorld();
    const failing = investigateWorld(world, {
      ladder: ladderOf([routeOf(drafterAt(server))], { prompts }),
      investigation: true,
      deps: {
        rulebook: readingRulebook(),
        lookAround: {
          ports: { flags: flagReader(world), telemetry: telemetryOf(world), runbooks: [] },
          controls: { read: async () => ({ ...reading, investigation: true }) },
          limits: InvestigationLimits.parse({}),
          budgetMs: 1_000,
          record: () => Promise.reject(away),
        },
      },
    });
    await expect(failing).rejects.toBe(away);
  });
});

describe("a metric over a window that the model chose", () => {
  /** The trouble is only in what the model asks for: nothing that was gathered shows it. */
  test("convicts nobody: whether anything got worse is judged by what was gathered", async () => {
    const server = await serve({ behaviour: looking(asking(call("metric_query", latency))) });
    const calm = rerankerWorld({ metrics: { latency: [{ value: () => 0.8 }] } });
    const loud = rerankerWorld();
    const { assessment, added } = await investigateWorld(calm, {
      ladder: ladderOf([routeOf(drafterAt(server), { timeoutMs: 10_000 })], { prompts }),
      investigation: true,
      deps: {
        rulebook: {
          ...allowingRulebook,
          contracts: new Map([...allowingRulebook.contracts, ...readingRulebook().contracts]),
        },
        lookAround: {
          ports: { flags: flagReader(calm), telemetry: telemetryOf(loud), runbooks: [] },
          controls: { read: async () => ({ ...reading, investigation: true }) },
          limits: InvestigationLimits.parse({}),
          budgetMs: 1_000,
          record: async () => undefined,
        },
      },
    });
    expect(added).toMatchObject([{ kind: "metric", trend: "degraded" }]);
    expect(assessment).toMatchObject({ candidateId: null, expected: null, confidence: "low" });
    expect(assessment.abstention).toContain("no metric shows that anything got worse");
  });
});

describe("with the control off", () => {
  test("not one byte of what the model is sent differs from a Signalman that cannot look around", async () => {
    const [able, unable] = [await serve({ behaviour: looking() }), await serve({ behaviour: looking() })];
    const off = await assessWith([able], { investigation: false });
    const without = await assessWith([unable], { investigation: false, lookAround: false });
    expect(able.requests.map(({ body }) => JSON.stringify(body))).toEqual(
      unable.requests.map(({ body }) => JSON.stringify(body)),
    );
    expect(able.requests).toHaveLength(1);
    const sent = z
      .looseObject({ messages: z.array(z.object({ content: z.string() })) })
      .parse(able.requests[0]?.body);
    expect(Object.keys(sent).toSorted()).toEqual([
      "max_completion_tokens",
      "messages",
      "model",
      "response_format",
    ]);
    expect(Object.keys(z.looseObject({}).parse(JSON.parse(sent.messages[1]?.content ?? "")))).toEqual([
      "incident",
      "evidence",
      "candidates",
    ]);
    expect(off.assessment).toEqual(without.assessment);
    expect(off.assessment.route).not.toHaveProperty("investigation");
    expect(off.added).toBeUndefined();
    expect(off.recorded).toEqual([]);
    expect(Object.fromEntries(off.budgets.sums)).toEqual(Object.fromEntries(without.budgets.sums));
  });

  test("and on, without anything to look at or a prompt for it, neither", async () => {
    const server = await serve({ behaviour: looking() });
    const { assessment } = await assessWith([server], { lookAround: false });
    expect(sentTo(server)).toHaveLength(1);
    expect(assessment.route).not.toHaveProperty("investigation");
  });
});
