import { actionIdsOf, visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { Aim, Fault } from "../harness/armed-faults.ts";
import { answers, expectThat, flagKey, outside, rationale, wholeRound } from "../harness/outside.ts";
import type { Trial } from "../harness/trial.ts";
import { until } from "../../support/until.ts";

const write: Aim = { method: "PUT", match: new RegExp(`/feature-flags/${flagKey}/`) };

/** Nobody knows whether it took effect: it is read back, applied exactly once, and that is told. */
const lostAnswers: Record<string, { fault: Fault; times?: number }> = {
  "reset before": { fault: { kind: "reset" } },
  "reset after": { fault: { kind: "reset", after: true } },
  "half-closed": { fault: { kind: "half_close" } },
  "no answer": { fault: { kind: "hang" } },
  "no answer after": { fault: { kind: "hang", after: true } },
  "truncated answer": { fault: { kind: "truncate" } },
  garbage: { fault: answers.garbage },
  "5xx three times": { fault: answers["500"], times: 3 },
};

const uncertain = Object.entries(lostAnswers).map(([words, { fault, times = 1 }]): Trial =>
  outside("featbit", `FeatBit write · ${words}`, async (lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.arm(fault, { ...write, times });
    await people.approvedBy("ruth");
    expectThat(mutations() === 1, "the change took effect once", mutations());
    const { text, changeId } = people.shown();
    await lane.play.threadWith(new RegExp(`It is not certain whether ${changeId} took effect`), 30_000);
    if (proxy.struck.at(-1)?.after === true) {
      expectThat(text.includes("reading back confirmed it"), "the card says that it was read back", text);
    }
    await wholeRound(scene);
  }),
);

const refusals: Trial[] = [
  outside("featbit", "FeatBit write · refused at the click", async (_lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    await proxy.refuse();
    const told = await people.toldAfter("ruth", "approve");
    expectThat(
      told.includes("no approvals at the moment"),
      "the person is told that it is not possible now",
      told,
    );
    await proxy.mend();
    await people.approvedBy("ruth");
    expectThat(mutations() === 1, "the change took effect once", mutations());
    await wholeRound(scene);
  }),

  outside("featbit", "FeatBit write · refused once approved", async (_lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    // The read before the write is under way when FeatBit goes.
    const told = await people.told("ruth", "approve", rationale, () =>
      proxy.arm({ kind: "slow", ms: 1_000 }, { method: "GET", times: Infinity }),
    );
    expectThat(told.includes("Approved"), "the vote counts", told);
    await proxy.refuse();
    const before = scene.retries("execute");
    await until("the write to be tried again", () => scene.retries("execute") > before + 1, {
      timeoutMs: 20_000,
    });
    expectThat(mutations() === 0, "nothing was written", mutations());
    await people.cardSaying("*Approved");
    await proxy.mend();
    await people.cardSaying("*Applied*");
    expectThat(mutations() === 1, "the change took effect once", mutations());
    await wholeRound(scene);
  }),

  outside("featbit", "FeatBit write · 429", async (lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.arm(answers["429"], write);
    await people.approvedBy("ruth");
    const struckAt = proxy.struck.at(-1)?.at ?? 0;
    const appliedAt = Date.parse(lane.play.mutationsOf(flagKey).at(-1)?.at ?? "");
    expectThat(
      appliedAt - struckAt >= 1_000,
      "the second that FeatBit asked for was waited",
      appliedAt - struckAt,
    );
    expectThat(mutations() === 1, "the change took effect once", mutations());
    await wholeRound(scene);
  }),

  outside("featbit", "FeatBit write · 409", async (lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    const { changeId } = people.shown();
    proxy.arm({ kind: "answer", status: 409, body: '{"success":false,"errors":["Conflict"]}' }, write);
    await people.told("ruth", "approve", rationale);
    const card = await people.cardSaying("*Superseded*");
    expectThat(mutations() === 0, "nothing was written", mutations());
    expectThat(actionIdsOf(card).includes("redraft"), "a redraft is offered", visibleText(card));
    await lane.world.slack.as(lane.world.people.ruth.id).click(card.channel, card.ts, "redraft");
    await until("the redraft", () => people.shown().changeId !== changeId, {
      seen: () => people.shown().text,
    });
    await people.approvedBy("ruth");
    await wholeRound(scene);
  }),
];

export const trials: readonly Trial[] = [...uncertain, ...refusals];
