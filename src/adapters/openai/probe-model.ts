import { OpsError } from "../../domain/ops-error.ts";
import { type AnswerFormat, answerFormats, requestIn } from "./answer-format.ts";
import { createClient, type OpenAiOptions } from "./create-client.ts";
import { readCompletion } from "./read-answer.ts";
import { refusesFormat, toOpsError } from "./to-ops-error.ts";

export interface ModelFacts {
  /** The strictest way in which it can be asked for JSON. */
  format: AnswerFormat;
  /** Whether it answered in the form that it was asked for. */
  obeyed: boolean;
}

const schema = {
  type: "object",
  properties: { answer: { type: "string", enum: ["ready"] } },
  required: ["answer"],
  additionalProperties: false,
};

/** One small question, as structured as the server can take it. Costs a few tokens. Throws `OpsError`. */
export async function probeModel(options: OpenAiOptions, signal: AbortSignal): Promise<ModelFacts> {
  const client = createClient(options);
  const { baseUrl, timeoutMs, model, keyEnv = "OPENAI_API_KEY" } = options;
  const server = URL.canParse(baseUrl) ? new URL(baseUrl).host : "the configured address";
  for (const format of answerFormats) {
    const request = requestIn(format, {
      model,
      instructions: 'Answer with the JSON object {"answer":"ready"} and nothing else.',
      messages: [{ role: "user", content: "Are you there?" }],
      schema,
      mostAnswerTokens: 200,
    });
    try {
      const { content, failure } = readCompletion(
        await client.chat.completions.create(request, { signal }),
        request,
        server,
      );
      return { format, obeyed: failure === null && /^\s*\{\s*"answer"\s*:\s*"ready"\s*\}\s*$/.test(content) };
    } catch (error) {
      if (refusesFormat(error) !== "no" && format !== "text") continue;
      throw toOpsError(error, { server, timeoutMs, keyEnv });
    }
  }
  throw new OpsError("rejected", `The model at ${server} takes no request of Signalman.`);
}
