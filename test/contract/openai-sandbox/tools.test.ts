import OpenAI, { BadRequestError } from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOpenAiSandbox, type OpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";

let sandbox: OpenAiSandbox;
let client: OpenAI;
beforeEach(async () => {
  sandbox = await createOpenAiSandbox();
  client = new OpenAI({ baseURL: sandbox.baseUrl, apiKey: sandbox.apiKey, maxRetries: 0, timeout: 5_000 });
});
afterEach(() => sandbox[Symbol.asyncDispose]());

type Message = OpenAI.ChatCompletionMessageParam;

const user: Message = { role: "user", content: "What is slow?" };
const tool: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "metric_query",
    strict: true,
    parameters: {
      type: "object",
      properties: { id: { type: "string" } },
      required: ["id"],
      additionalProperties: false,
    },
  },
};
const calls = (...ids: string[]): Message => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({
    id,
    type: "function",
    function: { name: "metric_query", arguments: "{}" },
  })),
});
const answer = (id: string): Message => ({ role: "tool", tool_call_id: id, content: "1 s" });

function send(messages: Message[], more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) {
  return client.chat.completions.create({ model: "sandbox-model", messages, tools: [tool], ...more });
}

describe("tools", () => {
  test("are called as the script says, with ids of their own", async () => {
    const asked = { name: "metric_query", arguments: { id: "latency" } };
    sandbox.behave(() => ({ kind: "calls", calls: [asked, asked] }));
    const { choices } = await send([user]);
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: null, tool_calls: [{ type: "function", function: { name: "metric_query" } }, {}] },
    });
    const ids = choices[0]?.message.tool_calls?.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(2);
    sandbox.behave(() => ({ kind: "text", text: "enough" }));
    const messages: Message[] = [user, calls(...ids), ...ids.map(answer)];
    expect((await send(messages)).choices[0]?.message.content).toBe("enough");
  });

  test.each<[string, Message[], RegExp]>([
    [
      "a call without its answer",
      [user, calls("a", "b"), answer("a"), user],
      /did not have response messages: b/,
    ],
    ["a call without any answer", [user, calls("a")], /did not have response messages: a/],
    ["an answer to no call", [user, answer("a")], /must be a response to a preceeding message/],
    ["an answer to another call", [user, calls("a"), answer("x")], /must be a response/],
    ["an answer given twice", [user, calls("a"), answer("a"), answer("a")], /must be a response/],
    [
      "an answer that comes too late",
      [user, calls("a"), user, answer("a")],
      /did not have response messages/,
    ],
    ["two calls of one id", [user, calls("a", "a"), answer("a")], /Duplicate tool_call id/],
  ])("refuses %s", async (_, messages, says) => {
    const failure: unknown = await send(messages).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(String(failure)).toMatch(says);
  });

  test.each<[string, Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>, RegExp]>([
    [
      "a name with a dot",
      { tools: [{ type: "function", function: { name: "metric.query" } }] },
      /tools\[0\]\.function\.name/,
    ],
    [
      "a strict schema that leaves a key open",
      {
        tools: [
          {
            type: "function",
            function: { name: "x", strict: true, parameters: { type: "object", properties: {} } },
          },
        ],
      },
      /Invalid schema for function 'x'.*additionalProperties/,
    ],
    ["none at all", { tools: [] }, /tools/],
  ])("refuses %s", async (_, more, says) => {
    const failure: unknown = await send([user], more).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(String(failure)).toMatch(says);
  });

  test("refuses a choice of tools where none are offered", async () => {
    const sent = client.chat.completions.create({
      model: "sandbox-model",
      messages: [user],
      tool_choice: "auto",
    });
    await expect(sent).rejects.toThrow(/only allowed when 'tools' are specified/);
  });
});
