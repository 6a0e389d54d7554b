import { z } from "zod";

/** What a model's tokens cost, in any one currency, per million. */
export const ModelPrices = z.strictObject({
  inputPerMillion: z.number().nonnegative().max(100_000).describe("Of a million prompt tokens."),
  outputPerMillion: z.number().nonnegative().max(100_000).describe("Of a million answer tokens."),
});
export type ModelPrices = z.infer<typeof ModelPrices>;

/**
 * How much may be asked of models, over all routes and processes. What is beyond it is drafted by rules. Costs count
 * for routes with prices only, in the currency of the prices; an incident's share is that of the last 24 hours.
 */
export const ModelBudget = z.strictObject({
  callsPerHour: z.int().min(0).max(100_000).default(60).describe("Requests to models in an hour."),
  tokensPerHour: z.int().min(0).max(1_000_000_000).default(1_000_000).describe("Tokens in an hour."),
  costPerHour: z
    .number()
    .nonnegative()
    .max(1_000_000)
    .default(10)
    .describe("Cost in an hour, in the currency of the prices."),
  tokensPerIncident: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(100_000)
    .describe("Tokens for one incident in 24 hours."),
  costPerIncident: z
    .number()
    .nonnegative()
    .max(100_000)
    .default(1)
    .describe("Cost for one incident in 24 hours."),
});
export type ModelBudget = z.infer<typeof ModelBudget>;

/** Tokens of one request and its answer. */
export interface ModelUsage {
  promptTokens: number;
  answerTokens: number;
}

/** In millionths of the currency, rounded up; 0 without prices. */
export function costMicros({ promptTokens, answerTokens }: ModelUsage, prices: ModelPrices | null): number {
  if (prices === null) return 0;
  return Math.ceil(promptTokens * prices.inputPerMillion + answerTokens * prices.outputPerMillion);
}
