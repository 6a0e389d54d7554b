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

/** Throws `OpsError("bad_answer")` for what is no completion at all. */
export function readCompletion(completion: unknown, server: string): Completed {
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
    usage: usage ? { promptTokens: usage.prompt_tokens, answerTokens: usage.completion_tokens } : null,
    failure: failureOf(choice, server),
  };
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

function jsonIn(text: string): { value: unknown } | undefined {
  const [from, to] = [text.indexOf("{"), text.lastIndexOf("}")];
  try {
    return { value: JSON.parse(from === -1 ? text : text.slice(from, to + 1)) };
  } catch {
    return undefined;
  }
}
