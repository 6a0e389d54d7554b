import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createHttpFaults, type HttpFaults } from "../http-faults.ts";
import { createLoopbackServer, readBody } from "../loopback-server.ts";
import { answerSchema, ChatRequest, promptText } from "./chat-request.ts";
import { strictSchemaFault } from "./check-strict-schema.ts";
import { toolsFault } from "./check-tools.ts";
import { apiError, completion } from "./completion.ts";
import { goodAnswer, type ModelAnswer, type ModelBehaviour } from "./model-answers.ts";

export type OpenAiSandboxOptions = {
  port?: number;
  apiKey?: string;
  models?: string[];
  behaviour?: ModelBehaviour;
  /** The answer formats it knows; default all. Compatible servers know fewer, and refuse the others with 400. */
  formats?: readonly AnswerFormat[];
  /** False: it knows no tools, and refuses requests that offer some. */
  tools?: boolean;
};
type AnswerFormat = "json_schema" | "json_object" | "text";

export type OpenAiSandbox = AsyncDisposable & {
  /** For `OPENAI_BASE_URL`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly faults: HttpFaults;
  /** Completions asked for, as they came in; `status` 0 until answered or when never answered. */
  readonly requests: { body: unknown; status: number }[];
  /** From the next request on, the model does this. */
  behave(behaviour: ModelBehaviour): void;
};

const bodyLimitBytes = 10_000_000;

/** An OpenAI-compatible server without streaming; the answers come from a function. It checks what OpenAI checks. */
export async function createOpenAiSandbox(options: OpenAiSandboxOptions = {}): Promise<OpenAiSandbox> {
  const { apiKey = "sk-sandbox", models = ["sandbox-model"], formats, tools = true } = options;
  let { behaviour = goodAnswer() } = options;
  const faults = createHttpFaults();
  const requests: OpenAiSandbox["requests"] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://sandbox");
    if (await faults.meet(pathname, response, (status) => JSON.stringify(statusError(status)))) return;
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      const message = "Incorrect API key provided. You can find your API key in your account settings.";
      return json(response, 401, apiError(message, "invalid_request_error", null, "invalid_api_key"));
    }
    const call = `${request.method ?? "GET"} ${pathname}`;
    if (call === "GET /v1/models") {
      const data = models.map((id) => ({ id, object: "model", created: 0, owned_by: "sandbox" }));
      return json(response, 200, { object: "list", data });
    }
    if (call === "POST /v1/chat/completions") return complete(request, response);
    json(response, 404, apiError(`Invalid URL (${call})`, "invalid_request_error"));
  }

  async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request, bodyLimitBytes);
    const body = parseJson(text ?? "");
    const log = { body, status: 0 };
    requests.push(log);
    response.once("finish", () => (log.status = response.statusCode));
    if (body === undefined) {
      const message = "We could not parse the JSON body of your request.";
      return json(response, 400, apiError(message, "invalid_request_error"));
    }
    const parsed = ChatRequest.safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const param = issue?.path.join(".") ?? "";
      return json(
        response,
        400,
        apiError(`Invalid '${param}': ${issue?.message ?? ""}`, "invalid_request_error", param),
      );
    }
    const refusal =
      refusalOf(parsed.data, models) ??
      refusedFormat(parsed.data, formats) ??
      refusedTools(parsed.data, tools);
    if (refusal !== undefined) return json(response, refusal.status, refusal.body);
    await send(await behaviour(parsed.data), parsed.data, response);
  }

  const server = await createLoopbackServer(handle, options.port);
  return {
    baseUrl: `${server.url}/v1`,
    apiKey,
    faults,
    requests,
    behave: (next) => (behaviour = next),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function refusalOf(request: ChatRequest, models: string[]): { status: number; body: unknown } | undefined {
  if (!models.includes(request.model)) {
    const message = `The model \`${request.model}\` does not exist or you do not have access to it.`;
    return { status: 404, body: apiError(message, "invalid_request_error", null, "model_not_found") };
  }
  if (request.stream === true) {
    return { status: 400, body: apiError("This server does not stream.", "invalid_request_error", "stream") };
  }
  const format = request.response_format;
  if (format?.type !== "json_schema") return undefined;
  const { name, schema, strict } = format.json_schema;
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    return badFormat(`'response_format.json_schema.name': string does not match pattern.`);
  const fault = strict === true ? strictSchemaFault(schema ?? {}) : undefined;
  return fault === undefined ? undefined : badFormat(`schema for response_format '${name}': ${fault}`);
}

/** In the words of vLLM and its like for what they do not know, of OpenAI for JSON that nobody mentioned. */
function refusedFormat(request: ChatRequest, known: readonly AnswerFormat[] | undefined) {
  const type = request.response_format?.type ?? "text";
  if (known !== undefined && !known.includes(type)) {
    return badFormat(`response_format.type: ${type} is not supported.`);
  }
  if (type === "json_object" && !/json/i.test(promptText(request))) {
    return badFormat(
      `'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.`,
    );
  }
  return undefined;
}

function refusedTools(request: ChatRequest, known: boolean) {
  const fault =
    !known && request.tools !== undefined
      ? { message: "tools: extra fields not permitted.", param: "tools" }
      : toolsFault(request);
  return fault && { status: 400, body: apiError(fault.message, "invalid_request_error", fault.param) };
}

function badFormat(what: string): { status: number; body: unknown } {
  return { status: 400, body: apiError(`Invalid ${what}`, "invalid_request_error", "response_format") };
}

async function send(answer: ModelAnswer, request: ChatRequest, response: ServerResponse): Promise<void> {
  switch (answer.kind) {
    case "late":
      await sleep(answer.delayMs);
      return send(answer.after, request, response);
    case "content": {
      const message = { content: JSON.stringify(obeying(answer.content, request)), refusal: null };
      return json(response, 200, completion(request, message, "stop"));
    }
    case "text": {
      const message = { content: answer.text, refusal: null };
      return json(response, 200, completion(request, message, answer.finishReason ?? "stop"));
    }
    case "calls": {
      // Not held to the request's tools: a model may call what nobody offered.
      const calls = answer.calls.map(({ name, arguments: asked }) => ({
        id: `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`,
        type: "function" as const,
        function: { name, arguments: typeof asked === "string" ? asked : JSON.stringify(asked) },
      }));
      const message = { content: answer.content ?? null, refusal: null, tool_calls: calls };
      return json(response, 200, completion(request, message, "tool_calls"));
    }
    case "refusal":
      return json(response, 200, completion(request, { content: null, refusal: answer.refusal }, "stop"));
    case "status":
      if (answer.retryAfterSeconds !== undefined)
        response.setHeader("retry-after", String(answer.retryAfterSeconds));
      return json(response, answer.status, statusError(answer.status));
    case "garbage":
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html><body><h1>Gateway sign-in</h1></body></html>");
  }
}

/** A scripted answer outside its schema is a mistake of the script: strict output cannot give it. */
function obeying(content: unknown, request: ChatRequest): unknown {
  const schema = answerSchema(request);
  if (schema === undefined) return content;
  const result = z.fromJSONSchema(schema).safeParse(content);
  if (!result.success)
    throw new Error(`the scripted answer breaks the schema: ${z.prettifyError(result.error)}`);
  return content;
}

function statusError(status: number) {
  if (status === 429) {
    return apiError(
      "Rate limit reached for requests. Please try again later.",
      "requests",
      null,
      "rate_limit_exceeded",
    );
  }
  return apiError("The server had an error while processing your request.", "server_error");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_sandbox" });
  response.end(JSON.stringify(body));
}
