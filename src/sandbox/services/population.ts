import type { IUser } from "@featbit/node-server-sdk";

export type SyntheticUser = { readonly sdkUser: IUser; readonly internal: boolean };

const countries = ["DE", "FR", "NL", "US", "JP"];
const plans = ["free", "team", "enterprise"];

/**
 * The people who use the simulated services. One in fifty works for the company (`team` = `internal`), the others are
 * customers (`team` = `customer`). Every user has every attribute, as text: the SDK throws when a rule meets an
 * attribute that is missing or not text. With these keys a 10 % rollout of `support_answer_profile` really hits 10 %.
 */
export function createPopulation(size = 500): SyntheticUser[] {
  return Array.from({ length: size }, (_, index) => {
    const internal = index % 50 === 0;
    const key = `${internal ? "colleague" : "member"}-${String(index).padStart(4, "0")}`;
    const attributes = {
      team: internal ? "internal" : "customer",
      country: countries[index % countries.length] ?? "",
      plan: plans[index % plans.length] ?? "",
    };
    return {
      internal,
      sdkUser: {
        key,
        name: key,
        customizedProperties: Object.entries(attributes).map(([name, value]) => ({ name, value })),
      },
    };
  });
}
