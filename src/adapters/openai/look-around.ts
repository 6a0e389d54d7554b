import type OpenAI from "openai";
import { OpsError } from "../../domain/ops-error.ts";
import { redact } from "../../domain/redact.ts";
import type { InvestigateRequest, ToolAnswer, ToolOffer } from "../../pipeline/ports/drafter.ts";
import { inSpan } from "../../watch/in-span.ts";
import { inChat } from "./in-chat.ts";
import { escapeMarks } from "./escape-marks.ts";
import { readCompletion } from "./read-answer.ts";
import { toOpsError, usedNothing } from "./to-ops-error.ts";
import { shownItem, userMessage } from "./user-message.ts";
import { ToolCalls } from "./wire.ts";

export interface ModelServer {
  client: OpenAI;
  model: string;
  /** Host, for words. */
  server: string;
  timeoutMs: number;
  keyEnv: string;
}

type Message = OpenAI.ChatCompletionMessageParam;
type Request = OpenAI.ChatCompletionCreateParamsNonStreaming;

const mostAnswerTokens = 2000;
/** Of one answer; the rest is taken for not said. */
const mostCallsAtOnce = 16;
const mostEchoed = 2000;

/**
 * Lets the model call tools in a conversation of its own, which the conclusion does not see: what a tool shows reaches
 * it as evidence, cleaned and numbered like all other. Ends when the model calls nothing or a limit is met.
 */
export async function lookAround(at: ModelServer, request: InvestigateRequest): Promise<void> {
  const { brief, instructions, tools } = request;
  const messages: Message[] = [
    { role: "system", content: instructions },
    { role: "user", content: userMessage(brief) },
  ];
  while (request.nextRound()) {
    const { content, calls } = await ask(at, messages, request);
    if (calls.length === 0) return;
    messages.push({
      role: "assistant",
      content: content === "" ? null : escapeMarks(redact(content.slice(0, mostEchoed))),
      tool_calls: calls.map(({ id, function: { name, arguments: text } }) => ({
        id,
        type: "function",
        function: { name: nameEchoed(name), arguments: echoed(text) },
      })),
    });
    for (const { id, function: called } of calls) {
      const offer = tools.find((each) => functionName(each) === called.name);
      const name = offer?.name ?? "unknown";
      const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name };
      const answer = await inSpan(`execute_tool ${name}`, { attributes }, () =>
        request.call(offer?.name ?? called.name, called.arguments),
      );
      messages.push({ role: "tool", tool_call_id: id, content: escapeMarks(JSON.stringify(told(answer))) });
    }
  }
}

async function ask(
  { client, model, server, timeoutMs, keyEnv }: ModelServer,
  messages: Message[],
  { tools, meter, signal }: InvestigateRequest,
) {
  // A copy: what is kept of the request must not grow with the conversation.
  const request: Request = {
    model,
    messages: [...messages],
    tools: tools.map(offered),
    tool_choice: "auto",
    max_completion_tokens: mostAnswerTokens,
  };
  await meter.ask(Math.ceil(JSON.stringify([request.messages, request.tools]).length / 4));
  let completion: unknown;
  try {
    completion = await inChat(request, server, () => client.chat.completions.create(request, { signal }));
  } catch (error) {
    if (usedNothing(error)) await meter.giveBack();
    throw toOpsError(error, { server, timeoutMs, keyEnv });
  }
  const { content, servedModel, usage, failure } = readCompletion(completion, request, server);
  const called = ToolCalls.safeParse(completion);
  const calls = (called.data?.choices[0]?.message.tool_calls ?? []).slice(0, mostCallsAtOnce);
  const said = calls.map(({ function: { name, arguments: text } }) => `${name}(${text})`);
  const answer = redact([content, ...said].join("\n").slice(0, 10 * mostEchoed));
  await meter.tell({ request, answer, servedModel, usage });
  if (failure !== null) throw failure;
  if (!called.success || new Set(calls.map(({ id }) => id)).size < calls.length) {
    throw new OpsError("bad_answer", `The model at ${server} called a tool in a way that cannot be read.`);
  }
  return { content, calls };
}

/** Names of functions have no dots. */
function functionName({ name }: ToolOffer): string {
  return name.replaceAll(".", "_");
}

function offered(offer: ToolOffer): OpenAI.ChatCompletionTool {
  const { description, parameters } = offer;
  return { type: "function", function: { name: functionName(offer), description, strict: true, parameters } };
}

/** A name that nobody offered may be anything; servers take no other than these characters. */
function nameEchoed(name: string): string {
  return name.slice(0, 64).replaceAll(/[^a-zA-Z0-9_-]/g, "_") || "none";
}

/** What the model is reminded of having asked; servers may refuse arguments that are no JSON. */
function echoed(text: string): string {
  const clean = escapeMarks(redact(text.slice(0, mostEchoed)));
  try {
    JSON.parse(clean);
    return clean;
  } catch {
    return "{}";
  }
}

function told(answer: ToolAnswer): Record<string, unknown> {
  const { callsLeft } = answer;
  return answer.kind === "answered"
    ? { evidence: answer.items.map(shownItem), callsLeft }
    : { [answer.kind]: answer.because, callsLeft };
}
