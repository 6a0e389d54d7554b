import { shopEnvironment } from "../../../src/sandbox/world/flags.ts";
import { emailOf, type PersonName } from "../../../src/sandbox/world/people.ts";
import { flagOf } from "../../../src/sandbox/world/trouble.ts";
import { actionIdsOf } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { until } from "../../support/until.ts";
import type { Lane } from "./lane.ts";
import { patiently } from "./patiently.ts";
import { propose } from "./propose.ts";

const flag = { env: shopEnvironment, key: flagOf.checkout };

const patienceMs = 8_000;

/**
 * A change that a person asks for and another one approves. Unlike what an alert leads to it can be had again and again,
 * whatever became of the flag before.
 */
export async function wishFor(lane: Lane, by: PersonName = "maya") {
  const { play, world } = lane;
  const stood = play.flag(flag.key).isEnabled === true;
  const wish = { operation: "toggle", reason: "As agreed." };
  const { changeId, card } = await patiently(() => propose(lane, by, flag.key, wish));
  const maya = world.featbit.as(emailOf("maya"));

  return {
    changeId,
    card,
    /** Presses and sends the form once; how it is taken is looked for elsewhere. */
    async approvedBy(person: PersonName): Promise<void> {
      await until("the button to approve", () => {
        const now = world.slack.message(card.channel, card.ts);
        return now !== undefined && actionIdsOf(now).includes("approve");
      });
      const client = world.slack.as(world.people[person].id);
      await patiently(async () => {
        const pressed = await client.click(card.channel, card.ts, "approve");
        // Either the form opens, or the person is told why not.
        const view = await Promise.race([
          pressed.view(({ submit }) => submit !== undefined, patienceMs),
          pressed.ephemeral(undefined, patienceMs).then(() => null),
        ]);
        if (view !== null) await client.submit(view.id, { rationale: "As agreed." });
      });
    },
    cardSaying: (text: string) => play.cardWith(new RegExp(`${changeId}[^]*${text}`), 30_000),
    /** How often Signalman has written this change. */
    writes: () => play.mutationsOf(flag.key).filter(({ comment }) => comment.includes(changeId)).length,
    /** A person does it on FeatBit's screens. */
    turn: (on: boolean) => maya.toggle(flag, on, "By hand"),
    /** Whether the flag was on when it was asked for. */
    stood,
  };
}

export type Wish = Awaited<ReturnType<typeof wishFor>>;
