import OpenAI, {
  APIConnectionTimeoutError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  failedAnswer,
  garbageAnswer,
  goodAnswer,
  hostileAnswer,
  lateAnswer,
  malformedAnswer,
  rateLimitedAnswer,
  refusedAnswer,
  truncatedAnswer,
} from "../../../src/sandbox/openai/model-answers.ts";
import { createOpenAiSandbox, type OpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";

const Draft = z.strictObject({
  summary: z.string(),
  candidateId: z.union([z.enum(["c1", "c2", "c3"]), z.null()]),
  confidence: z.number().min(0).max(1),
  suspects: z.array(z.strictObject({ flag: z.string(), evidence: z.array(z.string()) })),
  causeClass: z.enum(["flag", "deploy", "unknown"]),
});

const prompt =
  "Candidates: c2 turns checkout_one_click off, c3 limits it to staff. <b>c1 is not offered</b>".replace(
    "c1",
    "it",
  );

let sandbox: OpenAiSandbox;
let client: OpenAI;
beforeEach(async () => {
  sandbox = await createOpenAiSandbox();
  client = new OpenAI({ baseURL: sandbox.baseUrl, apiKey: sandbox.apiKey, maxRetries: 0, timeout: 5_000 });
});
afterEach(() => sandbox[Symbol.asyncDispose]());

function ask() {
  return client.chat.completions.parse({
    model: "sandbox-model",
    messages: [
      { role: "system", content: "Draft one change." },
      { role: "user", content: [{ type: "text", text: prompt }] },
    ],
    response_format: zodResponseFormat(Draft, "draft"),
  });
}

async function askWithSchema(schema: Record<string, unknown>) {
  return client.chat.completions.create({
    model: "sandbox-model",
    messages: [{ role: "user", content: "hello" }],
    response_format: { type: "json_schema", json_schema: { name: "x", strict: true, schema } },
  });
}

describe("with the unmodified client", () => {
  test("a good answer obeys the schema and picks a candidate that the prompt contains", async () => {
    const answer = await ask();
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    expect(answer.choices[0]?.message.parsed).toMatchObject({ candidateId: "c2", causeClass: "flag" });
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
    expect(sandbox.requests).toMatchObject([{ status: 200, body: { model: "sandbox-model" } }]);
  });

  test("a script decides by property, and may abstain", async () => {
    sandbox.behave(
      goodAnswer({
        candidateId: null,
        confidence: 0.4,
        summary: () => "It was the deploy.",
        causeClass: "deploy",
      }),
    );
    expect((await ask()).choices[0]?.message.parsed).toMatchObject({
      candidateId: null,
      confidence: 0.4,
      summary: "It was the deploy.",
      causeClass: "deploy",
    });
  });

  test("a hostile answer obeys the schema all the same", async () => {
    sandbox.behave(hostileAnswer());
    const parsed = (await ask()).choices[0]?.message.parsed;
    expect(parsed?.summary).toContain("<!channel>");
    expect(parsed?.suspects[0]?.flag).toContain("Ignore all previous instructions");
  });

  test("refusal, malformed, truncated and garbage arrive as themselves", async () => {
    sandbox.behave(refusedAnswer);
    const refused = (await ask()).choices[0]?.message;
    expect([refused?.parsed, refused?.refusal]).toEqual([null, "I'm sorry, I can't assist with that."]);
    sandbox.behave(malformedAnswer);
    await expect(ask()).rejects.toThrow(SyntaxError);
    sandbox.behave(truncatedAnswer);
    await expect(ask()).rejects.toThrow("length limit was reached");
    sandbox.behave(garbageAnswer);
    await expect(ask()).rejects.toThrow();
  });

  test("late, 429, 500 and a cut connection, which the client retries", async () => {
    sandbox.behave(lateAnswer(300));
    const impatient = client.withOptions({ timeout: 100 });
    await expect(
      impatient.chat.completions.create({
        model: "sandbox-model",
        messages: [{ role: "user", content: "hello" }],
      }),
    ).rejects.toThrow(APIConnectionTimeoutError);
    sandbox.behave(rateLimitedAnswer);
    const limited = await ask().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(limited).toBeInstanceOf(RateLimitError);
    expect(limited instanceof RateLimitError && limited.headers?.get("retry-after")).toBe("1");
    sandbox.behave(failedAnswer);
    await expect(ask()).rejects.toMatchObject({ status: 500 });
    expect(sandbox.requests.map(({ status }) => status)).toEqual([0, 429, 500]);
    sandbox.faults.arm({ kind: "drop" });
    await expect(client.withOptions({ maxRetries: 1 }).models.list()).resolves.toMatchObject({
      object: "list",
    });
  });

  test("wrong key, unknown model and unknown path are refused", async () => {
    await expect(client.withOptions({ apiKey: "sk-wrong" }).models.list()).rejects.toThrow(
      AuthenticationError,
    );
    const unknown = client.chat.completions.create({
      model: "other",
      messages: [{ role: "user", content: "hello" }],
    });
    await expect(unknown).rejects.toThrow(NotFoundError);
    await expect(client.embeddings.create({ model: "sandbox-model", input: "hello" })).rejects.toThrow(
      NotFoundError,
    );
    await expect(client.chat.completions.create({ model: "sandbox-model", messages: [] })).rejects.toThrow(
      BadRequestError,
    );
  });

  test("a script that breaks the schema is a mistake, not an answer", async () => {
    sandbox.behave(() => ({ kind: "content", content: { summary: 1 } }));
    await expect(ask()).rejects.toThrow("the scripted answer breaks the schema");
  });
});

const text = { type: "string" };

function object(properties: Record<string, unknown>): Record<string, unknown> {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? object({ a: text }) : object({ a: nested(depth - 1) });
}

describe("strict schemas", () => {
  test.each([
    [
      { type: "object", properties: { a: text }, required: ["a"] },
      "In context=(), 'additionalProperties' is required",
    ],
    [{ type: "object", properties: { a: text }, required: [], additionalProperties: false }, "Missing 'a'"],
    [
      { type: "object", properties: {}, required: ["a"], additionalProperties: false },
      'Extra required key "a" supplied',
    ],
    [{ type: "array", items: text }, "got 'type: \"array\"'"],
    [
      object({ a: { type: "string", maxLength: 3 } }),
      "In context=('properties', 'a'), 'maxLength' is not permitted.",
    ],
    [object({ a: { oneOf: [text] } }), "'oneOf' is not permitted"],
    [object({ a: { type: "string", format: "uri" } }), "'uri' is not a valid format"],
    [object({ a: {} }), "schema must have a 'type' key"],
    [object({ a: { type: "array" } }), "array schema missing items"],
    [
      object({ a: { type: "array", items: { type: "object", properties: {} } } }),
      "('properties', 'a', 'items')",
    ],
    [nested(11), "exceeds the nesting limit"],
  ])("%j is refused", async (schema, message) => {
    const refusal = askWithSchema(schema);
    await expect(refusal).rejects.toThrow(BadRequestError);
    await expect(refusal).rejects.toThrow("Invalid schema for response_format 'x'");
    await expect(refusal).rejects.toThrow(message);
  });

  test.each([
    [object({ a: { anyOf: [text, { type: "null" }] } })],
    [object({ a: { type: ["string", "null"] } })],
    [{ ...object({ a: { $ref: "#/$defs/text" } }), $defs: { text } }],
    [
      object({
        a: { type: "integer", minimum: 0, maximum: 100 },
        b: { type: "array", items: text, minItems: 2 },
      }),
    ],
  ])("%j is taken", async (schema) => {
    const answer = await askWithSchema(schema);
    expect(
      z.fromJSONSchema(schema).safeParse(JSON.parse(answer.choices[0]?.message.content ?? "")).success,
    ).toBe(true);
  });
});
