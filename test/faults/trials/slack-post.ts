import { actionIdsOf, visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { until } from "../../support/until.ts";
import type { Aim, Fault } from "../harness/armed-faults.ts";
import type { Lane } from "../harness/lane.ts";
import { answers, expectThat, outside, wholeRound } from "../harness/outside.ts";
import type { Trial } from "../harness/trial.ts";

const post: Aim = { match: /chat\.postMessage$/ };
const update: Aim = { match: /chat\.update$/ };
/** Slack wants to hear within three seconds that a click was taken. */
const ackMs = 3_000;

/** The card was not posted: it is posted later, and once. */
const notPosted: Record<string, { fault: Fault; times?: number }> = {
  "no answer": { fault: { kind: "hang" } },
  "reset before": { fault: { kind: "reset" } },
  "half-closed": { fault: { kind: "half_close" } },
  "5xx three times": { fault: answers["503"], times: 3 },
  "429": { fault: answers["429"] },
  "ok: false": { fault: answers["ok: false"], times: 2 },
  garbage: { fault: answers.garbage },
};

/** It was posted, and nobody knows: there is one more at most, and only the newer one decides. */
const posted: Record<string, Fault> = {
  "reset after": { kind: "reset", after: true },
  "no answer after": { kind: "hang", after: true },
  "truncated answer": { kind: "truncate" },
};

const posts = [
  ...Object.entries(notPosted).map(([words, { fault, times = 1 }]) =>
    outside("slack", `Slack post · ${words}`, async (lane, { people, proxy, fire, putAway }) => {
      proxy.arm(fault, { ...post, times });
      await fire();
      await people.cardOffering("approve");
      expectThat(people.cards().length === 1, "there is one card", people.cards().length);
      if (words === "429") {
        const struckAt = proxy.struck.at(-1)?.at ?? 0;
        const next = lane.world.slack.callLog.find(
          ({ method, at }) => method === "chat.postMessage" && at >= struckAt,
        );
        expectThat(
          (next?.at ?? 0) - struckAt >= 950,
          "Slack's second was waited",
          (next?.at ?? 0) - struckAt,
        );
      }
      await putAway();
    }),
  ),
  ...Object.entries(posted).map(([words, fault]) =>
    outside("slack", `Slack post · ${words}`, async (lane, scene) => {
      const { people, proxy, fire, mutations } = scene;
      proxy.arm(fault, post);
      await fire();
      await until("the card that counts", () => people.cards().length === 2, { timeoutMs: 20_000 });
      await people.cardOffering("approve");
      const [stray] = people.cards();
      if (stray === undefined) throw new Error("the first card is gone");
      const told = await lane.world.slack
        .as(lane.world.people.ruth.id)
        .click(stray.channel, stray.ts, "acknowledge")
        .then((pressed) => pressed.ephemeral(undefined, 15_000));
      expectThat(
        visibleText(told).includes("not the live card"),
        "the stray card decides nothing",
        visibleText(told),
      );
      await until("the stray card to be rewritten", () => people.cards().length === 1);
      await people.approvedBy("ruth");
      expectThat(mutations() === 1, "the change took effect once", mutations());
      await wholeRound(scene);
    }),
  ),
  outside(
    "slack",
    "Slack post · refused",
    async (lane, { people, proxy, between, fire, putAway, retries }) => {
      const before = retries("notify");
      await proxy.refuse();
      await between.slackSocket.refuse();
      await fire();
      await until("the post to be tried", () => retries("notify") > before, {
        timeoutMs: 20_000,
        seen: () => lane.log(),
      });
      expectThat(people.cards().length === 0, "nothing is posted", people.cards().length);
      await proxy.mend();
      await between.slackSocket.mend();
      await people.cardOffering("approve");
      expectThat(people.cards().length === 1, "there is one card", people.cards().length);
      await connected(lane);
      await putAway();
    },
  ),
];

const updates = Object.entries({
  "no answer": { fault: { kind: "hang" } },
  "reset before": { fault: { kind: "reset" } },
  "reset after": { fault: { kind: "reset", after: true } },
  "5xx three times": { fault: answers["503"], times: 3 },
  "429": { fault: answers["429"] },
  "ok: false": { fault: answers["ok: false"], times: 2 },
  garbage: { fault: answers.garbage },
} as Record<string, { fault: Fault; times?: number }>).map(([words, { fault, times = 1 }]) =>
  outside("slack", `Slack update · ${words}`, async (_lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.arm(fault, { ...update, times });
    await people.approvedBy("ruth");
    expectThat(people.cards().length === 1, "there is one card", people.cards().length);
    expectThat(mutations() === 1, "the change took effect once", mutations());
    await wholeRound(scene);
  }),
);

/** Whatever Slack's Web API does, it hears at once that a click was taken. */
const acknowledgements = Object.entries({
  "no answer": { kind: "hang" },
  "slow by five seconds": { kind: "slow", ms: 5_000 },
} as Record<string, Fault>).map(([words, fault]) =>
  outside(
    "slack",
    `Slack click · ${words}`,
    async (lane, { people, proxy, struck, fire, putAway }) => {
      await fire();
      const card = await people.cardOffering("approve");
      expectThat(actionIdsOf(card).includes("acknowledge"), "somebody can take it", visibleText(card));
      proxy.arm(fault, { match: /\/api\//, times: Infinity });
      const { outcome } = await lane.world.slack
        .as(lane.world.people.chen.id)
        .click(card.channel, card.ts, "acknowledge");
      expectThat(
        outcome?.kind === "acked" && outcome.afterMs < ackMs,
        "the click was taken at once",
        JSON.stringify(outcome),
      );
      await until("Slack to be asked something", () => struck() > 0, { timeoutMs: 10_000 });
      await proxy.mend();
      await people.cardSaying(/On it/i);
      await putAway();
    },
    { slow: true },
  ),
);

const sockets: Trial[] = [
  outside("slackSocket", "Slack socket · cut", async (lane, scene) => {
    const { people, proxy, fire } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.cut();
    await people.approvedBy("ruth");
    await wholeRound(scene);
    await connected(lane);
  }),
  outside("slackSocket", "Slack socket · refused", async (lane, scene) => {
    const { people, proxy, fire } = scene;
    await fire();
    await people.cardOffering("approve");
    await proxy.refuse();
    await until("the socket to be gone", () => lane.world.slack.sockets.count() === 0);
    await proxy.mend();
    await people.approvedBy("ruth");
    await wholeRound(scene);
  }),
  outside("slackSocket", "Slack socket · no answer", async (lane, scene) => {
    const { people, proxy, struck, fire } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.arm({ kind: "hang" }, { match: /^\/link/ });
    proxy.cut();
    await until("the socket to be asked for", () => struck() === 2, { timeoutMs: 20_000 });
    await connected(lane);
    await people.approvedBy("ruth");
    await wholeRound(scene);
  }),
  outside("slack", "Slack socket · its address not told", async (lane, scene) => {
    const { people, proxy, between, struck, fire } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.arm({ kind: "hang" }, { match: /apps\.connections\.open$/ });
    between.slackSocket.cut();
    await until("the address to be asked for", () => struck() === 1, { timeoutMs: 20_000 });
    await connected(lane);
    await people.approvedBy("ruth");
    await wholeRound(scene);
  }),
];

function connected(lane: Lane): Promise<boolean> {
  return until("Slack's socket to be open again", () => lane.world.slack.sockets.count() > 0, {
    timeoutMs: 60_000,
    seen: () => lane.log(),
  });
}

export const trials: readonly Trial[] = [...posts, ...updates, ...acknowledgements, ...sockets];
