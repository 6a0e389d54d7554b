import { randomUUID } from "node:crypto";
import { promptText, type ChatRequest, type ToolCall } from "./chat-request.ts";

type Message = { content: string | null; refusal: string | null; tool_calls?: ToolCall[] };

/** The `chat.completion` object: https://platform.openai.com/docs/api-reference/chat/object */
export function completion(
  request: ChatRequest,
  message: Message,
  finishReason: "stop" | "length" | "tool_calls",
) {
  const promptTokens = tokens(promptText(request));
  const completionTokens = tokens(
    `${message.content ?? message.refusal ?? ""}${message.tool_calls === undefined ? "" : JSON.stringify(message.tool_calls)}`,
  );
  return {
    id: `chatcmpl-${randomUUID().replaceAll("-", "")}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1_000),
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", ...message, annotations: [] },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
    service_tier: "default",
    system_fingerprint: "fp_sandbox",
  };
}

/** Four characters a token is OpenAI's own rule of thumb. */
function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** The `error` object of every refusal. */
export function apiError(
  message: string,
  type: string,
  param: string | null = null,
  code: string | null = null,
) {
  return { error: { message, type, param, code } };
}
