import { setTimeout as delay } from "node:timers/promises";
import type { BenchOptions, Figures } from "./bench.ts";
import { allRoles, startOurs } from "./contenders.ts";
import { nowMs } from "./clock.ts";
import { rounded } from "./figures.ts";
import { openLoopById } from "./load.ts";
import type { Part } from "./part.ts";
import { type Seen, sourceSecret } from "./stand-ins.ts";

const services = 10;
const perSecond = 2;

/**
 * Alerts twice as fast as Slack takes messages, all in one channel, each an incident of its own, with a model that takes
 * a second: a backlog cannot but grow. How old does it get, how much of it is told in fewer messages, is all told?
 */
export async function measureSlow(options: BenchOptions, load: Part, seconds: number): Promise<Figures> {
  const world = {
    services,
    channelEach: false,
    groupBy: ["case"],
    withModel: true,
    modelMs: 1000,
    strictSlack: true,
    callsPerHour: 100_000,
  };
  await using ours = await startOurs(options, allRoles(options.store), world);
  await delay(500);
  const names = Array.from({ length: services }, (_, index) => `bench-${index}`);
  const mix = {
    url: ours.url,
    secret: sourceSecret,
    run: "mkslow",
    services: names,
    fingerprints: null,
    named: true,
  };
  const acks = await load.ask(openLoopById, { mix, perSecond, warmUpMs: 0, measureMs: seconds * 1000 });
  // Slack needs a second for each card, and then one for each that was posted before its draft was there.
  const giveUpMs = nowMs() + acks.length * 3000 + 20_000;
  let told = toldOf(acks, await ours.world.seen());
  while (told.lost > 0 && nowMs() < giveUpMs) {
    await delay(500);
    told = toldOf(acks, await ours.world.seen());
  }
  const oldest = Math.max(0, ...told.cardMs) / 1000;
  // Were there nothing but one message a second for each alert, the last one would wait so long.
  const atPace = acks.length - seconds;
  return {
    alerts: acks.length,
    backlog_age_s: rounded(oldest),
    backlog_over_pace_s: rounded(Math.max(0, oldest - atPace)),
    drafted_age_s: rounded(Math.max(0, ...told.draftMs) / 1000),
    merged: told.merged,
    refused: told.refused,
    lost: told.lost + Math.max(0, perSecond * seconds - acks.length),
  };
}

interface Told {
  cardMs: number[];
  draftMs: number[];
  /** Alerts whose card was posted with its draft on it: one message in place of two. */
  merged: number;
  refused: number;
  /** Accepted, and not told, or told without the end of the draft. */
  lost: number;
}

function toldOf(acks: readonly (readonly [string, number])[], { messages, refused }: Seen): Told {
  const told: Told = { cardMs: [], draftMs: [], merged: 0, refused, lost: 0 };
  const cards = messages.filter(({ topLevel }) => topLevel);
  for (const [id, ackedMs] of acks) {
    const about = cards.filter(({ ids }) => ids.includes(id));
    const [first] = about;
    const draft = about.find(({ drafted }) => drafted);
    if (first !== undefined) told.cardMs.push(first.atMs - ackedMs);
    if (draft === undefined) told.lost += 1;
    else told.draftMs.push(draft.atMs - ackedMs);
    if (first?.drafted === true) told.merged += 1;
  }
  return told;
}
