import type { IncidentId } from "../../domain/ids.ts";
import { costMicros, type ModelBudget, type ModelPrices } from "../../domain/model-budget.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Exchange, Meter } from "../ports/drafter.ts";
import type { Budgets } from "../ports/storage.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Our own storage could not be asked. No fault of the model: its breaker and its retries must not see it as one. */
export class StorageAway extends Error {}

export interface MeterOptions {
  incidentId: IncidentId;
  prices: ModelPrices | null;
  budget: ModelBudget;
  budgets: Pick<Budgets, "take" | "add">;
  keep: (exchange: Exchange) => void;
}

interface Account {
  name: string;
  amount: number;
  limit: number;
  windowMs: number;
  words: string;
}

/**
 * Counts one incident's requests over one route. A request is counted before it is sent, by its size; what the answer
 * came to is added after it. So an hour's sum can exceed its limit by no more than the answers under way.
 */
export function createMeter({ incidentId, prices, budget, budgets, keep }: MeterOptions): Meter {
  let reserved = { promptTokens: 0, answerTokens: 0 };
  let taken: Account[] = [];

  const tokenAccounts = (amount: number): Account[] => [
    {
      name: `model-tokens/${incidentId}`,
      amount,
      limit: budget.tokensPerIncident,
      windowMs: dayMs,
      words: `${budget.tokensPerIncident} tokens for one incident`,
    },
    {
      name: "model-tokens",
      amount,
      limit: budget.tokensPerHour,
      windowMs: hourMs,
      words: `${budget.tokensPerHour} tokens per hour`,
    },
  ];
  const costAccounts = (amount: number): Account[] => [
    {
      name: `model-cost/${incidentId}`,
      amount,
      limit: budget.costPerIncident * 1e6,
      windowMs: dayMs,
      words: `${budget.costPerIncident} for one incident`,
    },
    {
      name: "model-cost",
      amount,
      limit: budget.costPerHour * 1e6,
      windowMs: hourMs,
      words: `${budget.costPerHour} per hour`,
    },
  ];
  const calls: Account = {
    name: "model-calls",
    amount: 1,
    limit: budget.callsPerHour,
    windowMs: hourMs,
    words: `${budget.callsPerHour} model calls per hour`,
  };

  return {
    async ask(promptTokens) {
      const usage = { promptTokens, answerTokens: 0 };
      const accounts = [
        calls,
        ...tokenAccounts(promptTokens),
        ...(prices === null ? [] : costAccounts(costMicros(usage, prices))),
      ];
      taken = [];
      for (const account of accounts) {
        const { name, amount, limit, windowMs, words } = account;
        if (await answered(budgets.take(name, amount, limit, windowMs))) taken.push(account);
        else {
          // What is not sent is charged to none.
          await giveBack();
          throw spent(words);
        }
      }
      reserved = usage;
    },
    giveBack,
    async tell(exchange) {
      keep(exchange);
      const { usage } = exchange;
      const spentNow = usage ?? { ...reserved, answerTokens: Math.ceil((exchange.answer ?? "").length / 4) };
      const tokens = spentNow.promptTokens + spentNow.answerTokens - reserved.promptTokens;
      const cost = costMicros(spentNow, prices) - costMicros(reserved, prices);
      for (const { name, amount } of [...tokenAccounts(tokens), ...costAccounts(cost)]) {
        if (amount !== 0) await answered(budgets.add(name, amount));
      }
      reserved = { promptTokens: 0, answerTokens: 0 };
      taken = [];
    },
  };

  async function giveBack(): Promise<void> {
    reserved = { promptTokens: 0, answerTokens: 0 };
    for (const { name, amount } of taken.splice(0)) await answered(budgets.add(name, -amount));
  }
}

function spent(words: string): OpsError {
  return new OpsError("rate_limited", `The budget of ${words} (model.budget) is used up.`, {
    retryable: false,
  });
}

async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new StorageAway("The budgets of the model could not be asked.", { cause: error });
  }
}
