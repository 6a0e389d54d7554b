import { setTimeout as delay } from "node:timers/promises";
import { goodAnswer } from "../../../src/sandbox/openai/model-answers.ts";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { Fault } from "../harness/armed-faults.ts";
import { putBetween } from "../harness/between.ts";
import { answers, betweenAll, expectThat, flagKey, outside } from "../harness/outside.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

/** Tried four times in six seconds; a route that failed is soon tried again, so that each trial finds it well. */
const withModel: LaneKind = {
  ...betweenAll,
  name: "a model behind a proxy",
  world: { withModel: true },
  patches: [
    ...(betweenAll.patches ?? []),
    { file: "pipeline/drafting/rung.ts", find: "openMs: 30_000,", put: "openMs: 100," },
    { file: "pipeline/drafting/rung.ts", find: "restMs: 15_000,", put: "restMs: 100," },
  ],
  async point(pointing) {
    await putBetween(pointing);
    const { settings, world } = pointing;
    settings["model"] = { ...Object(settings["model"]), retries: 3, timeoutMs: 6_000 };
    world.model?.behave(
      goodAnswer({
        cause: "flag",
        suspects: [
          {
            flagKey,
            confidence: "high",
            why: "It was turned on as the errors began.",
            citations: ["E1", "E2"],
          },
        ],
        abstention: null,
        confidence: "high",
      }),
    );
  },
};

/** Longer than is waited for a model. */
const restMs = 3_000;

/** The next rung drafts, and the card says so and why. */
const lasting: Record<string, Fault | "refused"> = {
  refused: "refused",
  "no answer": { kind: "hang" },
  reset: { kind: "reset" },
  "5xx": answers["500"],
  "429 for longer": { ...answers["429"], headers: { "retry-after": String(restMs / 1000) } },
  garbage: answers.garbage,
  "no JSON": answers["no JSON"],
  "truncated answer": { kind: "truncate" },
};

const passing: Record<string, { fault: Fault; times: number }> = {
  "reset before": { fault: { kind: "reset" }, times: 1 },
  "5xx three times": { fault: answers["500"], times: 3 },
  "429": { fault: answers["429"], times: 1 },
};

export const trials: readonly Trial[] = [
  ...Object.entries(lasting).map(([words, fault]) =>
    outside(
      "model",
      `model · ${words}`,
      async (_lane, { people, proxy, fire, putAway }) => {
        if (fault === "refused") await proxy.refuse();
        else proxy.arm(fault, { times: Infinity });
        await fire();
        const text = visibleText(await people.cardSaying(/Drafted by /));
        expectThat(
          /Drafted by rules, because /.test(text),
          "the card says that rules drafted, and why",
          text,
        );
        await people.cardOffering("approve");
        await proxy.mend();
        await putAway();
        // The route rests for as long as it was asked to, and the next trial needs it.
        if (words === "429 for longer") await delay(restMs);
      },
      { lane: withModel },
    ),
  ),
  ...Object.entries(passing).map(([words, { fault, times }]) =>
    outside(
      "model",
      `model · ${words}`,
      async (_lane, { people, proxy, fire, putAway }) => {
        proxy.arm(fault, { times });
        await fire();
        const text = visibleText(await people.cardSaying(/Drafted by /));
        expectThat(/Drafted by sandbox-model/.test(text), "the model drafted", text);
        await putAway();
      },
      { lane: withModel },
    ),
  ),
];
