import { setTimeout as delay } from "node:timers/promises";
import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import {
  allRoles,
  type Contender,
  startBare,
  startOurs,
  startWorld,
  type World,
} from "./harness/contenders.ts";
import { median, percentile, rounded, spread, table } from "./harness/figures.ts";
import { openLoopById } from "./harness/load.ts";
import { type Part, startPart } from "./harness/part.ts";
import { measureSlow } from "./harness/slow-draft.ts";
import { type Seen, sourceSecret, type WorldPlan } from "./harness/stand-ins.ts";

export const name = "draft";
export const summary =
  "from an alert accepted to its card and to its draft in Slack; model and Slack at once, and slow";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);

/** Alerts, each an incident of its own, go round so many channels: Slack's pace must not be what is measured. */
const services = 60;
const perSecond = 4;
const warmUpMs = 3000;
const full = { rounds: 3, measureMs: 20_000, slowSeconds: 20 };
const short = { rounds: 1, measureMs: 12_000, slowSeconds: 8 };
/** How long the last draft may take. */
const settleMs = 4000;

const world: Omit<WorldPlan, "dataFolder" | "withModel"> = {
  services,
  channelEach: true,
  groupBy: ["case"],
  callsPerHour: 100_000,
};

/** Milliseconds since the alert was accepted, one for each alert of the measured time. */
interface Waits {
  card: number[];
  drafted: number[];
  /** Alerts that never got so far. */
  missing: number;
}

export async function run(options: BenchOptions): Promise<Figures> {
  const { rounds, measureMs, slowSeconds } = options.quick ? short : full;
  await using load = await startPart(loadProcess);
  const arms: Arm<Waits>[] = [
    {
      name: "floor",
      async measure() {
        await using bare = await startBareRelay(options);
        return await waitsOf(load, bare, measureMs, false);
      },
    },
    ...([true, false] as const).map((withModel) => ({
      name: withModel ? "model" : "rules",
      async measure() {
        await using ours = await startOurs(options, allRoles(options.store), { ...world, withModel });
        return await waitsOf(load, ours, measureMs, true);
      },
    })),
  ];
  const waits = await measureRounds(arms, rounds, options, shownWaits);
  const of = (arm: string, part: "card" | "drafted", share: number) =>
    (waits.get(arm) ?? []).map((round) => percentile(round[part], share));
  const overFloor = (arm: string, part: "card" | "drafted") => {
    const floor = of("floor", "card", 0.5);
    return median(of(arm, part, 0.5).map((value, round) => value - (floor[round] ?? 0)));
  };

  options.say(
    table(
      ["arm", "card p50 ms", "card p99 ms", "draft p50 ms", "draft p99 ms"],
      ["floor", "model", "rules"].map((arm) => [
        arm,
        ...[0.5, 0.99].map((share) => spread(of(arm, "card", share))),
        ...(arm === "floor" ? [] : [0.5, 0.99].map((share) => spread(of(arm, "drafted", share)))),
      ]),
    ),
  );
  const slow = await measureSlow(options, load, slowSeconds);
  options.say(`model of 1 s, Slack of one message a second: ${JSON.stringify(slow)}`);
  const ofArm = (arm: string) => ({
    card_p50_ms: rounded(median(of(arm, "card", 0.5))),
    card_p99_ms: rounded(median(of(arm, "card", 0.99))),
    card_over_floor_ms: rounded(overFloor(arm, "card")),
    drafted_p50_ms: rounded(median(of(arm, "drafted", 0.5))),
    drafted_p99_ms: rounded(median(of(arm, "drafted", 0.99))),
    drafted_over_floor_ms: rounded(overFloor(arm, "drafted")),
    missing: (waits.get(arm) ?? []).reduce((sum, { missing }) => sum + missing, 0),
  });
  return {
    floor_p50_ms: rounded(median(of("floor", "card", 0.5))),
    floor_p99_ms: rounded(median(of("floor", "card", 0.99))),
    model: ofArm("model"),
    rules: ofArm("rules"),
    slow,
  };
}

interface Watched extends Contender {
  world: World;
}

/** A bare door that also tells Slack, with one call an alert. */
async function startBareRelay(options: BenchOptions): Promise<Watched> {
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(await startWorld({ ...world, withModel: false, dataFolder: "unused" }));
  const bare = stack.use(await startBare(options, { grouped: false, slack: opened.opened.slack }));
  const owned = stack.move();
  return { ...bare, world: opened, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function waitsOf(
  load: Part,
  { url, world: watched }: Watched,
  measureMs: number,
  isDrafted: boolean,
): Promise<Waits> {
  await delay(500);
  const names = Array.from({ length: services }, (_, index) => `bench-${index}`);
  const mix = { url, secret: sourceSecret, run: "mkdraft", services: names, fingerprints: null, named: true };
  const acks = await load.ask(openLoopById, { mix, perSecond, warmUpMs, measureMs });
  await delay(isDrafted ? settleMs : 500);
  return waitsFrom(acks.slice((perSecond * warmUpMs) / 1000), await watched.seen(), isDrafted);
}

function waitsFrom(
  acks: readonly (readonly [string, number])[],
  { messages }: Seen,
  isDrafted: boolean,
): Waits {
  const cards = new Map<string, number>();
  const drafts = new Map<string, number>();
  for (const { ids, topLevel, drafted, atMs } of messages) {
    if (!topLevel) continue;
    for (const id of ids) {
      if (!cards.has(id)) cards.set(id, atMs);
      if (drafted && !drafts.has(id)) drafts.set(id, atMs);
    }
  }
  const waits: Waits = { card: [], drafted: [], missing: 0 };
  for (const [id, ackedMs] of acks) {
    const cardMs = cards.get(id);
    const draftedMs = drafts.get(id);
    if (cardMs === undefined || (isDrafted && draftedMs === undefined)) waits.missing += 1;
    if (cardMs !== undefined) waits.card.push(cardMs - ackedMs);
    if (draftedMs !== undefined) waits.drafted.push(draftedMs - ackedMs);
  }
  return waits;
}

function shownWaits({ card, drafted, missing }: Waits): string {
  const words = [`card p50 ${rounded(percentile(card, 0.5))} ms, p99 ${rounded(percentile(card, 0.99))} ms`];
  if (drafted.length > 0) {
    words.push(
      `draft p50 ${rounded(percentile(drafted, 0.5))} ms, p99 ${rounded(percentile(drafted, 0.99))} ms`,
    );
  }
  if (missing > 0) words.push(`${missing} missing`);
  return words.join("; ");
}
