import type OpenAI from "openai";
import { OpsError } from "../../domain/ops-error.ts";
import { redact } from "../../domain/redact.ts";
import type { DraftRequest, ModelDrafter, Opinion } from "../../pipeline/ports/drafter.ts";
import { type AnswerFormat, type Asked, plainerThan, requestIn } from "./answer-format.ts";
import { createClient, type OpenAiOptions } from "./create-client.ts";
import { inChat } from "./in-chat.ts";
import { escapeMarks } from "./escape-marks.ts";
import { lookAround } from "./look-around.ts";
import { type Completed, readAnswer, readCompletion } from "./read-answer.ts";
import { refusesFormat, toOpsError, usedNothing } from "./to-ops-error.ts";
import { userMessage } from "./user-message.ts";
import { answerSchema, type ModelAnswer } from "./wire.ts";

const mostAnswerTokens = 4000;
const mostRepairCharacters = 8000;

/**
 * Drafts by Chat Completions with a strict JSON schema, against any compatible server. Where the server refuses strict
 * mode, plainer ways are tried and the one that works is kept. An answer that does not fit is sent back once with what
 * is wrong. Refused, late, cut off, unreadable or still unfit is an `OpsError`.
 */
export function createOpenAiDrafter(options: OpenAiOptions): ModelDrafter {
  const { baseUrl, model, timeoutMs, keyEnv = "OPENAI_API_KEY" } = options;
  const client = createClient(options);
  const server = URL.canParse(baseUrl) ? new URL(baseUrl).host : "the configured address";
  let known: AnswerFormat = "json_schema";

  /** Null: the server refuses the format, or seems to. */
  async function send(asked: Asked, format: AnswerFormat, { meter, signal }: DraftRequest) {
    const request = requestIn(format, asked);
    await meter.ask(estimatedTokens(request));
    let completion: unknown;
    try {
      completion = await inChat(request, server, () => client.chat.completions.create(request, { signal }));
    } catch (error) {
      if (usedNothing(error)) await meter.giveBack();
      const plainer = plainerThan(format);
      const refuses = refusesFormat(error);
      if (refuses !== "no" && plainer !== undefined) {
        // What may have been something in passing is asked for again next time.
        if (refuses === "yes" && format === known) known = plainer;
        return null;
      }
      throw toOpsError(error, { server, timeoutMs, keyEnv });
    }
    const completed = readCompletion(completion, request, server);
    const { content, servedModel, usage, failure } = completed;
    // The request holds no credential: the key travels in a header that is not part of it.
    await meter.tell({ request, answer: redact(content), servedModel, usage });
    if (failure !== null) throw failure;
    return completed;
  }

  /** Asks in the strictest format that the server is not known to refuse. */
  async function complete(asked: Asked, request: DraftRequest): Promise<Completed> {
    for (let format: AnswerFormat | undefined = known; format !== undefined; format = plainerThan(format)) {
      const completed = await send(asked, format, request);
      if (completed !== null) return completed;
    }
    throw new Error("the plainest format is refused by an error, not by null");
  }

  return {
    model,
    investigate: (request) => lookAround({ client, model, server, timeoutMs, keyEnv }, request),
    async draft(request) {
      const { brief, instructions } = request;
      const asked: Asked = {
        model,
        instructions,
        messages: [{ role: "user", content: userMessage(brief) }],
        schema: answerSchema(brief.candidates),
        mostAnswerTokens,
      };
      const first = await complete(asked, request);
      const read = readAnswer(first.content);
      if (read.kind === "answer") return toOpinion(read.answer);

      const repair = await complete(withRepair(asked, first.content, read.why), request);
      const again = readAnswer(repair.content);
      if (again.kind === "answer") return toOpinion(again.answer);
      throw new OpsError(
        "bad_answer",
        `The answer of the model at ${server} does not fit, nor did it after one repair: ${again.why}.`,
      );
    },
  };
}

function withRepair(asked: Asked, content: string, why: string): Asked {
  return {
    ...asked,
    messages: [
      ...asked.messages,
      { role: "assistant", content: escapeMarks(redact(content.slice(0, mostRepairCharacters))) },
      {
        role: "user",
        content: `Your answer cannot be used: ${escapeMarks(why)}. Give the whole answer again, as one JSON object of the response schema and nothing else.`,
      },
    ],
  };
}

/** Four characters a token is OpenAI's own rule of thumb; the server's count replaces it afterwards. */
function estimatedTokens({ messages }: OpenAI.ChatCompletionCreateParamsNonStreaming): number {
  const characters = messages.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
  return Math.ceil(characters / 4);
}

function toOpinion(answer: ModelAnswer): Opinion {
  return { ...answer, abstention: answer.abstention ?? "" };
}
