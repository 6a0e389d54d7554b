import type { IUser } from "@featbit/node-server-sdk";
import type { FlagEvaluator } from "../../sandbox/services/flag-evaluator.ts";
import { createPopulation } from "../../sandbox/services/population.ts";
import { supportFlag } from "../../sandbox/services/support-assistant.ts";

export interface SampleUser {
  user: IUser;
  words: string;
}

/** A colleague, a customer that the suspect variation reaches, and one that it does not. */
export async function sampleUsers(flags: FlagEvaluator): Promise<SampleUser[]> {
  const population = createPopulation();
  const colleague = population.find(({ internal }) => internal);
  const customers = population.filter(({ internal }) => !internal);
  let reached = customers[0];
  let spared = customers[1];
  for (const customer of customers) {
    const served = await flags.stringValue(supportFlag.key, customer.sdkUser, supportFlag.baseline);
    if (served === supportFlag.suspect) reached = customer;
    else spared = customer;
    if (served === supportFlag.suspect) break;
  }
  return [
    { user: colleague, words: "colleague" },
    { user: reached, words: "customer" },
    { user: spared, words: "customer" },
  ].flatMap(({ user, words }) => (user === undefined ? [] : [{ user: user.sdkUser, words }]));
}
