import { setTimeout as delay } from "node:timers/promises";
import { actionIdsOf } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { World } from "../../../src/sandbox/world/create-world.ts";
import { people } from "../../../src/sandbox/world/people.ts";
import type { Arrival } from "./arrivals.ts";
import { type Card, type Clicked, isRewriting, isWrite } from "./click-calls.ts";
import { nowMs } from "./clock.ts";

const patienceMs = 15_000;

/** Cards on which somebody may approve. */
export function cardsToApprove({ slack }: World, ownChannels: readonly string[]): Card[] {
  return ownChannels.flatMap((channel) =>
    slack
      .messages(channel)
      .filter((message) => actionIdsOf(message).includes("approve"))
      .map(({ ts }) => ({ channel, ts })),
  );
}

/** One person presses Approve and submits the form, which completes the quorum. */
export async function approve(world: World, arrivals: readonly Arrival[], card: Card): Promise<Clicked> {
  const ruth = world.slack.as(people.ruth.id);
  const pressed = await ruth.click(card.channel, card.ts, "approve");
  const view = await pressed.view(({ submit }) => submit !== undefined, patienceMs);
  // What was asked in order to open the form is no part of what its submission costs.
  await delay(50);
  const from = arrivals.length;
  const submittedAtMs = nowMs();
  await ruth.submit(view.id, { rationale: "It began with it." });
  return { submittedAtMs, calls: await callsOfClick(arrivals, from, card) };
}

/** What arrived from `from` on, until there was both the write and the card's first rewriting. */
export async function callsOfClick(
  arrivals: readonly Arrival[],
  from: number,
  card: Card,
): Promise<Arrival[]> {
  const giveUpMs = nowMs() + patienceMs;
  for (;;) {
    const calls = arrivals.slice(from);
    const ends = [calls.findIndex(isWrite), calls.findIndex((call) => isRewriting(call, card))];
    if (!ends.includes(-1)) return calls.slice(0, Math.max(...ends) + 1);
    if (nowMs() > giveUpMs)
      throw new Error(`${patienceMs} ms after a click in ${card.channel} no write came, or no card`);
    await delay(5);
  }
}
