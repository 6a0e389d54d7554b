import { setTimeout as delay } from "node:timers/promises";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { shopEnvironment } from "../../../src/sandbox/world/flags.ts";
import { emailOf } from "../../../src/sandbox/world/people.ts";
import { until } from "../../support/until.ts";
import { crashPoints } from "../harness/crash-points.ts";
import type { Lane } from "../harness/lane.ts";
import { nextAlert, type People, peopleOf, playRound } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

/** Points at which nothing of Signalman runs: the kill comes from outside, at a moment that others show. */
const lane: LaneKind = { name: "crash points", patches: crashPoints };
const kind = "crash point";
const flagKey = "checkout_one_click";
/** Who edits flags by hand: not one of those who approve, because a recent editor may not be the only approver. */
const editor = emailOf("maya");

const writes = ({ world }: Lane) => world.featbit.mutations.filter(({ key }) => key === flagKey).length;
const puts = ({ world }: Lane) =>
  world.featbit.requests.filter(({ method, path }) => method === "PUT" && path.includes(flagKey)).length;

/** FeatBit holds the next write back, before its effect or after it, and Signalman is killed meanwhile. */
async function killedInTheWrite(
  on: Lane,
  people: People,
  person: "ruth" | "pavel",
  when: "before" | "after",
) {
  const [written, put] = [writes(on), puts(on)];
  on.world.featbit.inject({ server: "api", method: "PUT", path: flagKey, when, does: { kind: "hang" } });
  await people.insist(
    "FeatBit to be asked to write",
    () => puts(on) > put,
    () => people.fillIn(person, "approve", { rationale: "The errors began with it." }),
  );
  if (when === "after") await until("the write to have its effect", () => writes(on) > written);
  else await delay(30);
  on.processes[0]?.kill9();
}

function inTheWrite(name: string, when: "before" | "after", reverse: boolean): Trial {
  return {
    name,
    kind,
    lane,
    async run(on) {
      await playRound(on, {
        [reverse ? "beforeReverseApproval" : "beforeApproval"]: (people: People) =>
          killedInTheWrite(on, people, reverse ? "pavel" : "ruth", when),
      });
      return 1;
    },
  };
}

/** The write had no effect, and before it is read back somebody else moves the flag: nothing is sent, a person decides. */
const movedMeanwhile: Trial = {
  name: "P13 without effect, and the flag is moved by somebody else",
  kind,
  lane,
  async run(on) {
    const alert = nextAlert(on);
    const people = peopleOf(on, alert, 60_000);
    const flag = { env: shopEnvironment, key: flagKey };
    const maya = on.world.featbit.as(editor);
    await on.sender.send(alert);
    await people.cardOffering("approve");
    await killedInTheWrite(on, people, "ruth", "before");
    const before = writes(on);
    await maya.toggle(flag, false, "By hand, in the meantime");
    await people.cardSaying(/Maya Okafor changed the flag/);
    if (writes(on) !== before + 1) throw new Error("Signalman wrote although the flag had been moved");
    await people.insist(
      "a person to end it",
      () => /was closed by/.test(on.play.everything()) && !people.shown().offers.includes("keep"),
      () => people.fillIn("ruth", "clean_up", { owner: on.world.people.chen.id }),
    );
    await maya.toggle(flag, true, "Back to how it was");
    await on.sender.send(alert, "resolved");
    return 1;
  },
};

/** P9: a card that waits is left alone; nothing happens without a click. */
const waitingCard: Trial = {
  name: "P9",
  kind,
  lane,
  async run(on) {
    await playRound(on, {
      async beforeApproval() {
        const before = writes(on);
        on.processes[0]?.kill9();
        await delay(200);
        await on.ready();
        // A sweep and more, in which whatever waits would be taken up.
        await delay(1_500);
        if (writes(on) !== before) throw new Error("FeatBit was written to without a click");
      },
    });
    return 1;
  },
};

/** P18: somebody moved the flag after the change; its reverse is refused, and the answer shows both states. */
const reverseRefused: Trial = {
  name: "P18 after somebody else moved the flag",
  kind,
  lane,
  async run(on) {
    const flag = { env: shopEnvironment, key: flagKey };
    await playRound(on, {
      async beforeRollBack(people) {
        const maya = on.world.featbit.as(editor);
        await maya.toggle(flag, true, "By hand");
        on.processes[0]?.kill9();
        await on.ready();
        const { id } = on.world.people.maya;
        const told = () => on.world.slack.ephemerals(id).map((message) => visibleText(message));
        const already = told().length;
        await people.insist(
          "the reverse to be refused",
          () =>
            told()
              .slice(already)
              .some((text) => /has moved since[^]*After CHG[^]*Now: /.test(text)),
          () => people.fillIn("maya", "roll_back", { reason: "The cause is fixed." }),
        );
        await maya.toggle(flag, false, "Back to what was approved");
      },
    });
    return 1;
  },
};

/** P16: a kept change waits for its review date, and the process that would ring for it is killed. */
const beforeReview: Trial = {
  name: "P16 before the review date",
  kind,
  lane,
  async run(on) {
    await playRound(on, {
      async beforeRollBack(people) {
        const { changeId } = people.shown();
        const said = (text: string) => on.play.everything().includes(text);
        await people.insist(
          "the change to be kept",
          () => said(`${changeId} was closed by Ruth Lindqvist: kept`),
          () =>
            people.fillIn("ruth", "keep", {
              owner: on.world.people.chen.id,
              review_at: Math.ceil(Date.now() / 1000) + 3,
            }),
        );
        on.processes[0]?.kill9();
        await until("the review to be due", () => said(`The review date of ${changeId} has passed`), {
          timeoutMs: 30_000,
          seen: on.play.everything,
        });
      },
    });
    return 1;
  },
};

/** P19: what was written before the kill is covered by a checkpoint after it. */
const beforeCheckpoint: Trial = {
  name: "P19",
  kind,
  lane,
  async run(on) {
    const armed = on.arm("P19");
    await playRound(on);
    await armed.strike();
    await on.ready();
    await on.withPool((pool) =>
      until(
        "a checkpoint to cover the ledger",
        async () => {
          const { rows } = await pool.query<{ covered: boolean }>(
            "select coalesce(max(size), 0) >= (select count(*) from signalman.events where position is not null) as covered from signalman.checkpoints",
          );
          return rows[0]?.covered;
        },
        { timeoutMs: 30_000 },
      ),
    );
    return 1;
  },
};

export const trials: Trial[] = [
  inTheWrite("P13 without effect", "before", false),
  inTheWrite("P13 after the effect", "after", false),
  movedMeanwhile,
  waitingCard,
  inTheWrite("P18 in the write", "after", true),
  reverseRefused,
  beforeReview,
  beforeCheckpoint,
];
