import { until } from "../../support/until.ts";
import type { Aim, Fault } from "../harness/armed-faults.ts";
import { answers, expectThat, outside, rationale, type Scene, wholeRound } from "../harness/outside.ts";
import type { Trial } from "../harness/trial.ts";

const identity: Aim = { match: /users\.info$|usergroups\.list$/, times: Infinity };

/** While it cannot be asked who somebody is, nobody decides anything. */
const lasting: Record<string, Fault> = {
  "no answer": { kind: "hang" },
  "reset before": { kind: "reset" },
  "5xx": answers["503"],
  "429": answers["429"],
  "ok: false": answers["ok: false"],
  garbage: answers.garbage,
  "truncated answer": { kind: "truncate" },
};

const denied = Object.entries(lasting).map(([words, fault]) =>
  outside("slack", `Slack identity · ${words}`, async (_lane, scene) => {
    const { people, proxy, fire } = scene;
    await fire();
    await people.cardOffering("approve");
    const told = await people.told("ruth", "approve", rationale, () => proxy.arm(fault, identity));
    expectThat(
      /could not be asked who you are[^]*Try again/i.test(told),
      "the person is told to try again",
      told,
    );
    expectUndecided(scene);
    await proxy.mend();
    await people.approvedBy("ruth");
    await wholeRound(scene);
  }),
);

/** Whoever approved is asked about again before the write; until then nothing is sent. */
const atExecution = Object.entries({
  "no answer": { kind: "hang" },
  "5xx": answers["503"],
  garbage: answers.garbage,
} as Record<string, Fault>).map(([words, fault]) =>
  outside("slack", `Slack identity before the write · ${words}`, async (_lane, scene) => {
    const { people, proxy, between, fire, mutations, retries } = scene;
    await fire();
    await people.cardOffering("approve");
    // The flag is read first, so there is time to let Slack go between the vote and the second look at the voter.
    const before = retries("execute");
    const told = await people.told("ruth", "approve", rationale, () =>
      between.featbit.arm({ kind: "slow", ms: 1_000 }, { method: "GET", times: Infinity }),
    );
    expectThat(told.includes("Approved"), "the vote counts", told);
    proxy.arm(fault, identity);
    await between.featbit.mend();
    await until("the write to be tried again", () => retries("execute") > before, { timeoutMs: 20_000 });
    expectThat(mutations() === 0, "nothing was written", mutations());
    await proxy.mend();
    await people.cardSaying("*Applied*");
    expectThat(mutations() === 1, "the change took effect once", mutations());
    await wholeRound(scene);
  }),
);

const rest: Trial[] = [
  outside("slack", "Slack identity · refused", async (lane, scene) => {
    const { people, proxy, fire } = scene;
    await fire();
    const card = await people.cardOffering("approve");
    const client = lane.world.slack.as(lane.world.people.ruth.id);
    const pressed = await client.click(card.channel, card.ts, "approve");
    const form = await pressed.view(({ submit }) => submit !== undefined, 15_000);
    await proxy.refuse();
    const before = unheard(lane.log());
    await client.submit(form.id, rationale);
    await until("the answer to be given up", () => unheard(lane.log()) > before, {
      timeoutMs: 20_000,
      seen: () => lane.log(),
    });
    expectUndecided(scene);
    await proxy.mend();
    await people.approvedBy("ruth");
    await wholeRound(scene);
  }),
  outside("slack", "Slack identity · 5xx three times", async (_lane, scene) => {
    const { people, proxy, fire, mutations } = scene;
    await fire();
    await people.cardOffering("approve");
    proxy.arm(answers["503"], { ...identity, times: 3 });
    await people.approvedBy("ruth");
    expectThat(mutations() === 1, "the change took effect once", mutations());
    await wholeRound(scene);
  }),
];

function expectUndecided({ people, mutations }: Scene): void {
  expectThat(people.shown().offers.includes("approve"), "it still awaits approval", people.shown().text);
  expectThat(mutations() === 0, "nothing was written", mutations());
}

function unheard(log: string): number {
  return log.split("A private answer could not be delivered").length;
}

export const trials: readonly Trial[] = [...denied, ...atExecution, ...rest];
