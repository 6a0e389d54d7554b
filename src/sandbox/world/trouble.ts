import type { FeatBitSandbox } from "../featbit/featbit-sandbox.ts";
import type { RaisedAlert } from "../services/alert-bodies.ts";
import { checkoutFlag } from "../services/checkout.ts";
import { type Search, searchFlag } from "../services/search.ts";
import { supportFlag } from "../services/support-assistant.ts";
import { mishaps, shopEnvironment, supportSplit } from "./flags.ts";
import { emailOf } from "./people.ts";

export const scenarioNames = ["support", "checkout", "search"] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export const flagOf = {
  support: supportFlag.key,
  checkout: checkoutFlag.key,
  search: searchFlag.key,
} as const satisfies Record<ScenarioName, string>;

/** Does to a flag what somebody of the shop did before the alert; now unless told when. */
export async function misstep(featbit: FeatBitSandbox, scenario: ScenarioName, at?: Date): Promise<void> {
  const { by, comment } = mishaps[scenario];
  const person = featbit.as(emailOf(by), at === undefined ? {} : { at });
  const flag = { env: shopEnvironment, key: flagOf[scenario] };
  if (scenario === "support") {
    await person.retarget(flag, { rules: [], fallthrough: supportSplit(10) }, comment);
  } else {
    await person.toggle(flag, true, comment);
  }
}

/** What is wrong in the shop, and how to make it wrong again once it was mended. `search` is null in a quiet world. */
export function createTrouble(featbit: FeatBitSandbox, search: Search | null) {
  const begunAt = (scenario: ScenarioName): number | null => {
    if (scenario === "search") {
      const newest = search?.deploys.at(-1);
      return newest?.slow === true ? newest.at : null;
    }
    const key = flagOf[scenario];
    const flag = featbit.world.flags.find((each) => each.key === key);
    const served = flag?.fallthrough.variations.length ?? 0;
    const wrong =
      flag?.isEnabled === true && (scenario === "checkout" || (served > 1 && flag.rules.length === 0));
    const newest = featbit.mutations.findLast((each) => each.subject === "flag" && each.key === key);
    return wrong && newest !== undefined ? Date.parse(newest.at) : null;
  };

  return {
    /** Since when the service of this scenario suffers, epoch ms; null while it is well. */
    begunAt,

    deploys: search?.deploys ?? [],

    /** Somebody repeats the mistake, now. */
    async repeat(scenario: ScenarioName): Promise<void> {
      if (scenario === "search") search?.deploy(nextVersion(search));
      else await misstep(featbit, scenario);
    },

    /** Somebody of the shop takes it back by hand; search ships a fast version. Nothing where all is well. */
    async mend(scenario: ScenarioName): Promise<void> {
      if (begunAt(scenario) === null) return;
      const flag = { env: shopEnvironment, key: flagOf[scenario] };
      const person = featbit.as(emailOf(mishaps[scenario].by));
      if (scenario === "search") search?.deploy(nextVersion(search), { slow: false });
      else if (scenario === "checkout") await person.toggle(flag, false, "Back to how it was");
      else await person.retarget(flag, { fallthrough: supportSplit(0) }, "Back to how it was");
    },

    /** The alert that this trouble raises, with the start that a monitoring system would have seen. */
    alert(scenario: ScenarioName): RaisedAlert {
      const now = Date.now();
      const begun = begunAt(scenario) ?? 0;
      return {
        ...alerts[scenario],
        environment: "production",
        startsAt: Math.min(now, Math.max(now - 90_000, begun + 15_000)),
      };
    },
  };
}

function nextVersion({ deploys }: Search): string {
  return `1.4${deploys.length + 1}.0`;
}

const alerts = {
  support: {
    name: "SupportAnswersSlow",
    service: "support-assistant",
    severity: "critical",
    summary: "Support answers: p95 latency above 2 s, manual corrections rising",
    description: "The p95 latency of support answers stays above 2 s.",
  },
  checkout: {
    name: "CheckoutErrors",
    service: "checkout",
    severity: "critical",
    summary: "Checkout: more than 5% of the requests fail",
    description: "The error ratio of checkout stays above 5%.",
  },
  search: {
    name: "SearchSlow",
    service: "search",
    severity: "warning",
    summary: "Search: p95 latency above 1 s",
    description: "The p95 latency of search stays above 1 s.",
  },
} as const satisfies Record<ScenarioName, Partial<RaisedAlert>>;
