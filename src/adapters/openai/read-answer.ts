import type OpenAI from "openai";
import { z } from "zod";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { ModelUsage } from "../../domain/model-budget.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { Completion, ModelAnswer } from "./wire.ts";

const mostAnswerCharacters = 100_000;

export interface Completed {
  content: string;
  servedModel: string | null;
  usage: ModelUsage | null;
  /** Why the content is no answer, however it reads; null: it may be one. */
  failure: OpsError | null;
}

type Request = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** The answer to this request. Throws `OpsError("bad_answer")` for what is no completion at all. */
export function readCompletion(completion: unknown, request: Request, server: string): Completed {
  const read = Completion.safeParse(completion);
  const choice = read.data?.choices[0];
  if (!read.success || choice === undefined) {
    throw new OpsError(
      "bad_answer",
      `The model at ${server} did not answer in the format of Chat Completions.`,
    );
  }
  const { model, usage } = read.data;
  return {
    content: choice.message.content ?? "",
    servedModel: model ?? null,
    usage: usage ? believed(usage, request, completion) : null,
    failure: failureOf(choice, server),
  };
}

/**
 * A server's count as far as it can be true, because budgets of all routes are charged with it: a token has a byte at
 * least, and thoughts, which are not sent, count toward what was allowed for the answer.
 */
function believed(
  { prompt_tokens, completion_tokens }: NonNullable<Completion["usage"]>,
  request: Request,
  completion: unknown,
): ModelUsage {
  const allowed = request.max_completion_tokens ?? request.max_tokens ?? 0;
  return {
    promptTokens: Math.min(prompt_tokens, bytesOf(request)),
    answerTokens: Math.min(completion_tokens, Math.max(allowed, bytesOf(completion))),
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function failureOf({ message, finish_reason }: Completion["choices"][number], server: string) {
  if (typeof message.refusal === "string" && message.refusal !== "") {
    return new OpsError("rejected", `The model at ${server} refused to answer.`);
  }
  if (finish_reason === "length") {
    return new OpsError("bad_answer", `The answer of the model at ${server} was cut off.`);
  }
  if (finish_reason === "content_filter") {
    return new OpsError("rejected", `The content filter of the model at ${server} stopped the answer.`);
  }
  if ((message.content ?? "").length > mostAnswerCharacters) {
    return new OpsError("bad_answer", `The answer of the model at ${server} is far too long.`);
  }
  return null;
}

export type ReadAnswer = { kind: "answer"; answer: ModelAnswer } | { kind: "unfit"; why: string };

/** What the model wrote, or in words what is wrong with it. Thoughts before the object and a fence around it are cut. */
export function readAnswer(content: string): ReadAnswer {
  const json = jsonIn(content) ?? jsonIn(content.slice(content.lastIndexOf("</think>") + 1));
  if (json === undefined) return { kind: "unfit", why: "it is not JSON" };
  const answer = ModelAnswer.safeParse(json.value);
  if (answer.success) return { kind: "answer", answer: answer.data };
  return { kind: "unfit", why: outsideText(z.prettifyError(answer.error), 600) };
}

/** The first object in a text that can be read, whatever stands before and after it. */
function jsonIn(text: string): { value: unknown } | undefined {
  if (!text.includes("{")) return parsed(text);
  let end = 0;
  for (let from = text.indexOf("{"); from !== -1; from = text.indexOf("{", end)) {
    end = endOfObject(text, from);
    const found = parsed(text.slice(from, end));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** After the brace that closes the one at `from`; where none does, the text's end. Braces in strings do not count. */
function endOfObject(text: string, from: number): number {
  let [depth, inString] = [0, false];
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at];
    if (inString && sign === "\\") at += 1;
    else if (sign === '"') inString = !inString;
    else if (!inString && sign === "{") depth += 1;
    else if (!inString && sign === "}") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
