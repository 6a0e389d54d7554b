import { z } from "zod";
import type { Candidate } from "../../domain/assessment.ts";

/**
 * What a model answers. In strict mode every key is required, what may be absent is null, and lengths cannot be
 * limited: code does that. Source: https://platform.openai.com/docs/guides/structured-outputs
 */
const answerShape = {
  cause: z.enum(["flag", "deploy", "other", "recovered", "unknown"]),
  summary: z.string(),
  suspects: z.array(
    z.object({
      flagKey: z.string(),
      confidence: z.enum(["low", "medium", "high"]),
      why: z.string(),
      citations: z.array(z.string()),
    }),
  ),
  candidateId: z.string().nullable(),
  abstention: z.string().nullable(),
  confidence: z.enum(["low", "medium", "high"]),
};

/** As it is read: servers without strict mode may leave out what may be null. */
export const ModelAnswer = z.object({
  ...answerShape,
  candidateId: answerShape.candidateId.default(null),
  abstention: answerShape.abstention.default(null),
});
export type ModelAnswer = z.infer<typeof ModelAnswer>;

/** The JSON schema sent with a request: the candidate can only be one of those on offer, or null. */
export function answerSchema(candidates: readonly Candidate[]): Record<string, unknown> {
  const [first, ...more] = candidates.map(({ id }) => id);
  const schema = z.strictObject({
    ...answerShape,
    suspects: z.array(z.strictObject(answerShape.suspects.element.shape)),
    candidateId: first === undefined ? z.null() : z.enum([first, ...more]).nullable(),
  });
  const { $schema: _, ...json } = z.toJSONSchema(schema);
  return json;
}

/** A completion as far as it is read; compatible servers leave out much of the rest. */
export const Completion = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number().int().nonnegative(),
      completion_tokens: z.number().int().nonnegative(),
    })
    .nullish()
    .catch(null),
});
export type Completion = z.infer<typeof Completion>;

/** The calls of tools in a completion; what calls none may leave them out. */
export const ToolCalls = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          tool_calls: z
            .array(
              z.object({
                id: z.string().min(1).max(200),
                function: z.object({ name: z.string(), arguments: z.string().max(100_000) }),
              }),
            )
            .nullish(),
        }),
      }),
    )
    .min(1),
});
