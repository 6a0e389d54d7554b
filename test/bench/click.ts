import { setTimeout as delay } from "node:timers/promises";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { openBareClick, repeatCalls } from "./harness/bare-click.ts";
import {
  approveCard,
  arrivedSince,
  bareSequence,
  type Card,
  howManyArrived,
  isRewriting,
  isWrite,
  whatWaits,
  whenApplied,
} from "./harness/click-calls.ts";
import type { Arrival } from "./harness/arrivals.ts";
import { nowMs } from "./harness/clock.ts";
import { allRoles, type Ours, startOurs } from "./harness/contenders.ts";
import { median, percentile, rounded, spread, table } from "./harness/figures.ts";
import { openLoopById } from "./harness/load.ts";
import { type Part, startPart } from "./harness/part.ts";
import { sourceSecret } from "./harness/stand-ins.ts";

export const name = "click";
export const summary =
  "from the form that completes the quorum to FeatBit's write and the card's rewriting, beside the bare calls";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);
const bareProcess = new URL("harness/bare-click-process.ts", import.meta.url);

/** Fewer than would close the queue of what waits for people. */
const waitingAtOnce = 20;
const full = { rounds: 3, clicks: 60 };
const short = { rounds: 1, clicks: 20 };
const warmUpClicks = 5;
/** A write is read back a quarter of a second later; a click that comes then would be measured with it. */
const pauseMs = 600;
const patienceMs = 20_000;

/** Milliseconds since the form was submitted, one for each click. */
interface Waits {
  ours: { write: number[]; rewritten: number[]; applied: number[]; calls: number[] };
  bare: { write: number[]; rewritten: number[] };
  missing: number;
}

export async function run(options: BenchOptions): Promise<Figures> {
  const { rounds, clicks } = options.quick ? short : full;
  await using load = await startPart(loadProcess);
  const measured: Waits[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const waits = await clickThrough(options, load, clicks);
    measured.push(waits);
    options.say(`round ${round} of ${rounds}  ${shown(waits)}`);
  }
  const over = measured.map(({ ours, bare }) => percentile(ours.write, 0.5) - percentile(bare.write, 0.5));
  const each = (pick: (waits: Waits) => number[], share: number) =>
    measured.map((waits) => percentile(pick(waits), share));
  options.say(
    table(
      ["", "p50 ms", "p99 ms"],
      (
        [
          ["write", ({ ours }) => ours.write],
          ["write, bare", ({ bare }) => bare.write],
          ["card", ({ ours }) => ours.rewritten],
          ["card, bare", ({ bare }) => bare.rewritten],
          ["card says applied", ({ ours }) => ours.applied],
        ] satisfies [string, (waits: Waits) => number[]][]
      ).map(([words, pick]) => [words, spread(each(pick, 0.5)), spread(each(pick, 0.99))]),
    ),
  );
  const middle = (pick: (waits: Waits) => number[], share: number) => rounded(median(each(pick, share)));
  return {
    write_p50_ms: middle(({ ours }) => ours.write, 0.5),
    write_p99_ms: middle(({ ours }) => ours.write, 0.99),
    bare_write_p50_ms: middle(({ bare }) => bare.write, 0.5),
    bare_write_p99_ms: middle(({ bare }) => bare.write, 0.99),
    write_over_bare_ms: rounded(median(over)),
    card_p50_ms: middle(({ ours }) => ours.rewritten, 0.5),
    card_p99_ms: middle(({ ours }) => ours.rewritten, 0.99),
    bare_card_p50_ms: middle(({ bare }) => bare.rewritten, 0.5),
    applied_p50_ms: middle(({ ours }) => ours.applied, 0.5),
    applied_p99_ms: middle(({ ours }) => ours.applied, 0.99),
    calls: middle(({ ours }) => ours.calls, 0.5),
    missing: measured.reduce((sum, { missing }) => sum + missing, 0),
  };
}

/** A fresh Signalman and a fresh world, in which people click one after the other, and after each the bare calls. */
async function clickThrough(options: BenchOptions, load: Part, clicks: number): Promise<Waits> {
  const services = clicks + warmUpClicks;
  const plan = { services, channelEach: true, flagEach: true, groupBy: ["case"], withModel: false };
  await using ours = await startOurs(options, allRoles(options.store), plan);
  await using bare = await startPart(bareProcess);
  await bare.ask(openBareClick, { ...(await ours.place.connect()) });

  const waits: Waits = {
    ours: { write: [], rewritten: [], applied: [], calls: [] },
    bare: { write: [], rewritten: [] },
    missing: 0,
  };
  const clicked: { card: Card; submittedAtMs: number }[] = [];
  for (let from = 0; from < services; from += waitingAtOnce) {
    for (const card of await drafted(ours, load, from, Math.min(services, from + waitingAtOnce))) {
      const { submittedAtMs, calls } = await ours.world.part.ask(approveCard, card);
      await delay(pauseMs);
      const sequence = bareSequence(calls, card);
      const before = await ours.world.part.ask(howManyArrived, null);
      const startedAtMs = nowMs();
      await bare.ask(repeatCalls, sequence);
      const repeated = await ours.world.part.ask(arrivedSince, { from: before, card });
      clicked.push({ card, submittedAtMs });
      if (clicked.length <= warmUpClicks) continue;
      waits.ours.write.push(atOf(calls, isWrite) - submittedAtMs);
      waits.ours.rewritten.push(atOf(calls, (call) => isRewriting(call, card)) - submittedAtMs);
      waits.ours.calls.push(sequence.length);
      waits.bare.write.push(atOf(repeated, isWrite) - startedAtMs);
      waits.bare.rewritten.push(atOf(repeated, (call) => isRewriting(call, card)) - startedAtMs);
    }
  }
  await delay(3000);
  const applied = await ours.world.part.ask(
    whenApplied,
    clicked.map(({ card }) => card),
  );
  for (const [index, { submittedAtMs }] of clicked.entries()) {
    const atMs = applied[index] ?? null;
    if (atMs === null) waits.missing += 1;
    else if (index >= warmUpClicks) waits.ours.applied.push(atMs - submittedAtMs);
  }
  waits.missing += services - clicked.length;
  return waits;
}

/** Alerts of these services, each with a change that waits for approval; the cards have settled. */
async function drafted(ours: Ours, load: Part, from: number, to: number): Promise<Card[]> {
  const services = Array.from({ length: to - from }, (_, index) => `bench-${from + index}`);
  const mix = {
    url: ours.url,
    secret: sourceSecret,
    run: `mkclick${from}`,
    services,
    fingerprints: null,
    named: true,
  };
  await load.ask(openLoopById, {
    mix,
    perSecond: 10,
    warmUpMs: 0,
    measureMs: services.length * 100,
  });
  const giveUpMs = nowMs() + patienceMs;
  for (;;) {
    const waiting = await ours.world.part.ask(whatWaits, null);
    if (waiting.length === services.length || nowMs() > giveUpMs) {
      // Their threads are written after the cards.
      await delay(3000);
      return waiting;
    }
    await delay(200);
  }
}

function atOf(calls: readonly Arrival[], isIt: (call: Arrival) => boolean): number {
  const found = calls.find(isIt);
  if (found === undefined) throw new Error("a call that was waited for is not among those that arrived");
  return found.atMs;
}

function shown({ ours, bare, missing }: Waits): string {
  const lost = missing === 0 ? "" : `; ${missing} missing`;
  return `write ${inWords(ours.write)}; bare ${inWords(bare.write)}${lost}`;
}

function inWords(values: readonly number[]): string {
  return `p50 ${rounded(percentile(values, 0.5))} ms, p99 ${rounded(percentile(values, 0.99))} ms`;
}
