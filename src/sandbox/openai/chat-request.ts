import { z } from "zod";
import { JsonSchema } from "./json-schema.ts";

const ContentPart = z.object({ type: z.string(), text: z.string().optional() });

export const ToolCall = z.object({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
export type ToolCall = z.infer<typeof ToolCall>;

/** What a client sends to `/v1/chat/completions`, as far as the stand-in reads it. */
export const ChatRequest = z.object({
  model: z.string(),
  messages: z
    .array(
      z.object({
        role: z.string(),
        content: z.union([z.string(), z.array(ContentPart), z.null()]).optional(),
        tool_calls: z.array(ToolCall).min(1).optional(),
        tool_call_id: z.string().optional(),
      }),
    )
    .min(1),
  tools: z
    .array(
      z.object({
        type: z.literal("function"),
        function: z.object({
          name: z.string(),
          description: z.string().optional(),
          strict: z.boolean().nullish(),
          parameters: JsonSchema.optional(),
        }),
      }),
    )
    .min(1)
    .max(128)
    .optional(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
    ])
    .optional(),
  stream: z.boolean().nullish(),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({
          name: z.string(),
          strict: z.boolean().nullish(),
          schema: JsonSchema.optional(),
        }),
      }),
    ])
    .optional(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** The whole conversation as one text. */
export function promptText(request: ChatRequest): string {
  return request.messages
    .map(({ content }) =>
      typeof content === "string" ? content : (content ?? []).map(({ text }) => text ?? "").join("\n"),
    )
    .join("\n");
}

/** The schema that the answer must have, when the client asks for one. */
export function answerSchema(request: ChatRequest): JsonSchema | undefined {
  const format = request.response_format;
  return format?.type === "json_schema" ? format.json_schema.schema : undefined;
}
