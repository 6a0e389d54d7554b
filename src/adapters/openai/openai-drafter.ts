import OpenAI from "openai";
import type { Assessment } from "../../domain/assessment.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { fillPrompt, type Prompt } from "../../domain/prompt.ts";
import { redact } from "../../domain/redact.ts";
import type { DraftBrief, ModelDraft, ModelDrafter } from "../../pipeline/ports/drafter.ts";
import { toOpsError } from "./to-ops-error.ts";
import { userMessage } from "./user-message.ts";
import { answerSchema, Completion, ModelAnswer } from "./wire.ts";

export interface OpenAiOptions {
  apiKey: string;
  baseUrl: string;
  model: string;
  /** For everything together, one retry included. */
  timeoutMs: number;
  /** `assess` is required; a profile `x` is answered with `assess-x` where there is one. */
  prompts: readonly Prompt[];
}

/** What the prompts may ask to have filled in: limits of ours, never a text of others. */
const promptInputs = { max_suspects: "3", max_summary_words: "80" };
const mostAnswerTokens = 4000;
const mostAnswerCharacters = 100_000;

/**
 * Drafts by Chat Completions with a strict JSON schema, against any compatible server. Refused, late, cut off,
 * unreadable or not of the schema is an `OpsError`. Throws `OpsError("misconfigured")` at once for a prompt that
 * is missing or asks for an input it cannot have.
 */
export function createOpenAiDrafter(options: OpenAiOptions): ModelDrafter {
  const { apiKey, baseUrl, model, timeoutMs } = options;
  const prompts = checkedPrompts(options.prompts);
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    // Said here so that the client does not look for them in the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: "off",
    timeout: timeoutMs,
    maxRetries: 1,
  });
  const server = URL.canParse(baseUrl) ? new URL(baseUrl).host : "the configured address";

  async function complete(request: OpenAI.ChatCompletionCreateParamsNonStreaming) {
    try {
      return await client.chat.completions.create(request, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      throw toOpsError(error, server, timeoutMs);
    }
  }

  return {
    async draft(brief): Promise<ModelDraft> {
      const prompt = promptFor(brief, prompts);
      const request: OpenAI.ChatCompletionCreateParamsNonStreaming = {
        model,
        messages: [
          { role: "system", content: fillPrompt(prompt, promptInputs) },
          { role: "user", content: userMessage(brief) },
        ],
        max_completion_tokens: mostAnswerTokens,
        response_format: {
          type: "json_schema",
          json_schema: { name: "assessment", strict: true, schema: answerSchema(brief.candidates) },
        },
      };
      const completion: unknown = await complete(request);
      const { content, usage, servedModel } = readCompletion(completion, server);
      const answer = readAnswer(content, server);
      return {
        assessment: toAssessment(answer, model, prompt),
        // The request holds no credential: the key travels in a header that is not part of it.
        transcript: JSON.stringify({ request, answer: redact(content), servedModel, usage }),
      };
    },
  };
}

function checkedPrompts(prompts: readonly Prompt[]): readonly Prompt[] {
  for (const { id, inputs } of prompts.filter((prompt) => prompt.id.startsWith("assess"))) {
    const strange = inputs.find((input) => !Object.hasOwn(promptInputs, input));
    if (strange !== undefined) {
      throw new OpsError(
        "misconfigured",
        `prompts/${id}.md asks for the input "${strange}"; known are ${Object.keys(promptInputs).join(", ")}.`,
      );
    }
  }
  if (!prompts.some(({ id }) => id === "assess")) {
    throw new OpsError("misconfigured", "prompts/assess.md is missing; the model drafter needs it.");
  }
  return prompts;
}

function promptFor({ controls }: DraftBrief, prompts: readonly Prompt[]): Prompt {
  const own = prompts.find(({ id }) => id === `assess-${controls.promptProfile}`);
  const chosen = own ?? prompts.find(({ id }) => id === "assess");
  if (chosen === undefined) throw new Error("checkedPrompts lets no list without assess pass");
  return chosen;
}

function readCompletion(
  completion: unknown,
  server: string,
): { content: string; usage: unknown; servedModel: string } {
  const read = Completion.safeParse(completion);
  const choice = read.data?.choices[0];
  if (!read.success || choice === undefined) {
    throw new OpsError(
      "bad_answer",
      `The model at ${server} did not answer in the format of Chat Completions.`,
    );
  }
  const { message, finish_reason } = choice;
  if (typeof message.refusal === "string" && message.refusal !== "") {
    throw new OpsError("rejected", `The model at ${server} refused to answer.`);
  }
  if (finish_reason === "length") {
    throw new OpsError("bad_answer", `The answer of the model at ${server} was cut off.`);
  }
  if (finish_reason === "content_filter") {
    throw new OpsError("rejected", `The content filter of the model at ${server} stopped the answer.`);
  }
  const content = message.content ?? "";
  if (content.length > mostAnswerCharacters) {
    throw new OpsError("bad_answer", `The answer of the model at ${server} is far too long.`);
  }
  return { content, usage: read.data.usage ?? null, servedModel: read.data.model ?? "" };
}

function readAnswer(content: string, server: string): ModelAnswer {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new OpsError("bad_answer", `The answer of the model at ${server} is not JSON.`, { cause: error });
  }
  const answer = ModelAnswer.safeParse(json);
  if (answer.success) return answer.data;
  const where = answer.error.issues[0]?.path.join(".") ?? "";
  throw new OpsError("bad_answer", `The answer of the model at ${server} breaks its schema at "${where}".`);
}

function toAssessment(answer: ModelAnswer, model: string, prompt: Prompt): Assessment {
  const { id, version, hash } = prompt;
  return {
    route: { drafter: "model", model, prompt: { id, version, hash }, fellBack: null },
    cause: answer.cause,
    summary: answer.summary,
    suspects: answer.suspects,
    candidateId: answer.candidateId,
    abstention: answer.abstention ?? "",
    expected: null,
    confidence: answer.confidence,
    dropped: [],
  };
}
