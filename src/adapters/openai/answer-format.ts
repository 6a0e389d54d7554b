import type OpenAI from "openai";

/**
 * How a server is asked for JSON, from the strictest to the plainest: a schema that it holds the answer to, JSON of
 * any shape, or a text that we ask to be JSON. Compatible servers know one, two or all three.
 */
export const answerFormats = ["json_schema", "json_object", "text"] as const;
export type AnswerFormat = (typeof answerFormats)[number];

export function plainerThan(format: AnswerFormat): AnswerFormat | undefined {
  return answerFormats[answerFormats.indexOf(format) + 1];
}

type Request = OpenAI.ChatCompletionCreateParamsNonStreaming;

export interface Asked {
  model: string;
  instructions: string;
  /** The user's message and, in a repair, what followed it. */
  messages: OpenAI.ChatCompletionMessageParam[];
  schema: Record<string, unknown>;
  mostAnswerTokens: number;
}

/** One request in a format. Without strict mode the schema is part of the instructions: nothing else tells it. */
export function requestIn(format: AnswerFormat, asked: Asked): Request {
  const { model, instructions, messages, schema, mostAnswerTokens } = asked;
  if (format === "json_schema") {
    return {
      model,
      messages: [{ role: "system", content: instructions }, ...messages],
      max_completion_tokens: mostAnswerTokens,
      response_format: {
        type: "json_schema",
        json_schema: { name: "assessment", strict: true, schema },
      },
    };
  }
  const content = `${instructions}\n\nThe response schema, as JSON Schema. Answer with one JSON object that obeys it:\n${JSON.stringify(schema)}`;
  return {
    model,
    messages: [{ role: "system", content }, ...messages],
    // Servers that do not know strict mode mostly do not know `max_completion_tokens` either.
    max_tokens: mostAnswerTokens,
    ...(format === "json_object" ? { response_format: { type: "json_object" } } : {}),
  };
}
