import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { Fault } from "../harness/armed-faults.ts";
import { answers, expectThat, outside, wholeRound } from "../harness/outside.ts";
import type { Trial } from "../harness/trial.ts";

/** While it lasts nothing is known, and nothing is said to have recovered. */
const lasting: Record<string, Fault | "refused"> = {
  refused: "refused",
  "no answer": { kind: "hang" },
  reset: { kind: "reset" },
  "5xx": answers["503"],
  garbage: answers.garbage,
  "truncated answer": { kind: "truncate" },
};

/** What passes is asked again. */
const passing: Record<string, { fault: Fault; times: number }> = {
  "reset before": { fault: { kind: "reset" }, times: 1 },
  "half-closed": { fault: { kind: "half_close" }, times: 1 },
  "5xx three times": { fault: answers["503"], times: 3 },
  "429": { fault: answers["429"], times: 1 },
};

const verdicts = [
  ...Object.entries(lasting).map(([words, fault]) =>
    outside("prometheus", `telemetry at the verdict · ${words}`, async (_lane, scene) => {
      const { people, proxy, fire } = scene;
      await fire();
      await people.cardOffering("approve");
      if (fault === "refused") await proxy.refuse();
      else proxy.arm(fault, { times: Infinity });
      await people.approvedBy("ruth");
      const text = visibleText(await people.cardSaying("*Verdict: "));
      expectThat(text.includes("*Verdict: no data.*"), "the verdict is that there are no data", text);
      await proxy.mend();
      await wholeRound(scene);
    }),
  ),
  ...Object.entries(passing).map(([words, { fault, times }]) =>
    outside("prometheus", `telemetry at the verdict · ${words}`, async (_lane, scene) => {
      const { people, proxy, fire } = scene;
      await fire();
      await people.cardOffering("approve");
      proxy.arm(fault, { times });
      await people.approvedBy("ruth");
      const text = visibleText(await people.cardSaying("*Verdict: "));
      expectThat(!text.includes("no data"), "there is a verdict", text);
      await wholeRound(scene);
    }),
  ),
];

const drafts = [
  outside(
    "prometheus",
    "telemetry at the draft · refused",
    async (_lane, { people, proxy, fire, putAway }) => {
      await proxy.refuse();
      await fire();
      await people.cardSaying(/Not known: metric/);
      expectThat(!people.shown().offers.includes("approve"), "nothing is proposed", people.shown().text);
      await proxy.mend();
      await putAway();
    },
  ),
  outside(
    "prometheus",
    "telemetry at the draft · 5xx three times",
    async (_lane, { people, proxy, fire, putAway }) => {
      proxy.arm(answers["503"], { times: 3 });
      await fire();
      await people.cardOffering("approve");
      await putAway();
    },
  ),
];

export const trials: readonly Trial[] = [...verdicts, ...drafts];
