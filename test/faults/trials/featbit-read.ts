import { actionIdsOf, visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { Aim, Fault } from "../harness/armed-faults.ts";
import { answers, expectThat, outside } from "../harness/outside.ts";
import type { Trial } from "../harness/trial.ts";

const read: Aim = { method: "GET" };

/** While it lasts there is no proposal, and the card says why; afterwards the next alert is drafted for. */
const lasting: Record<string, Fault | "refused"> = {
  refused: "refused",
  "no answer": { kind: "hang" },
  garbage: answers.garbage,
  "no JSON": answers["no JSON"],
};

/** What passes is tried again, and drafted from. */
const passing: Record<string, { fault: Fault; times: number }> = {
  "reset before": { fault: { kind: "reset" }, times: 1 },
  "truncated answer": { fault: { kind: "truncate" }, times: 1 },
  "5xx three times": { fault: answers["503"], times: 3 },
  "429": { fault: answers["429"], times: 1 },
};

export const trials: readonly Trial[] = [
  ...Object.entries(lasting).map(([words, fault]) =>
    outside(
      "featbit",
      `FeatBit read · ${words}`,
      async (_lane, { people, proxy, fire, putAway, mutations }) => {
        if (fault === "refused") await proxy.refuse();
        else proxy.arm(fault, { ...read, times: Infinity });
        await fire();
        const card = await people.cardSaying(/Not known: [^]*flag/);
        expectThat(!actionIdsOf(card).includes("approve"), "nothing is proposed", visibleText(card));
        expectThat(mutations() === 0, "nothing was written", mutations());
        await proxy.mend();
        await putAway();
      },
    ),
  ),
  ...Object.entries(passing).map(([words, { fault, times }]) =>
    outside("featbit", `FeatBit read · ${words}`, async (_lane, { people, proxy, fire, putAway }) => {
      proxy.arm(fault, { ...read, times });
      await fire();
      await people.cardOffering("approve");
      await putAway();
    }),
  ),
];
