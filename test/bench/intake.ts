import { setTimeout as delay } from "node:timers/promises";
import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { type Contender, type Roles, startBare, startOurs } from "./harness/contenders.ts";
import { median, noiseOf, rounded, spread, table } from "./harness/figures.ts";
import { closedLoop, type Load, openLoop } from "./harness/load.ts";
import { startPart } from "./harness/part.ts";
import { sourceSecret } from "./harness/stand-ins.ts";
import { runStorm } from "./harness/storm.ts";

export const name = "intake";
export const summary = "alerts accepted, beside the bare ceilings of the same run; storms";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);
const connections = 50;

/** Full: under 9 minutes. Quick: under 90 seconds. */
const full = {
  rounds: 3,
  closed: { warmUpMs: 2000, measureMs: 5000 },
  open: { warmUpMs: 2000, measureMs: 8000 },
  storm: { alerts: 10_000, seconds: 60, channelEach: false },
};
const short = {
  rounds: 1,
  closed: { warmUpMs: 1500, measureMs: 2500 },
  open: { warmUpMs: 1000, measureMs: 3000 },
  // In a channel for all of them its threads alone would take Slack a minute.
  storm: { alerts: 2000, seconds: 12, channelEach: true },
};

const world = { services: 10, channelEach: false, groupBy: [], withModel: true };

export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  await using load = await startPart(loadProcess);
  // Draining beside it is another process wherever the database is a server; the default is one process for all.
  const draining: Roles = options.store === "embedded" ? ["all"] : ["web", "worker"];

  const arms = [
    arm("one by one", () => startBare(options, { grouped: false })),
    arm("grouped", () => startBare(options, { grouped: true })),
    arm("ours", () => startOurs(options, ["web"], world)),
    arm("ours again", () => startOurs(options, ["web"], world)),
    arm("ours, draining", () => startOurs(options, draining, world)),
  ];
  const loads = await measureRounds(arms, plan.rounds, options, shownLoad);
  const of = (arm: string) => (loads.get(arm) ?? []).map(({ perSecond }) => perSecond);
  const [one, grouped, ours, again, drained] = [
    of("one by one"),
    of("grouped"),
    of("ours"),
    of("ours again"),
    of("ours, draining"),
  ];
  const both = ours.map((rate, round) => (rate + at(again, round)) / 2);
  const toGrouped = (rates: readonly number[]) => rates.map((rate, round) => rate / at(grouped, round));
  options.say(
    table(
      ["arm", "accepted/s", "p99 ms", "to grouped"],
      arms.map(({ name: arm }) => [
        arm,
        spread(of(arm)),
        spread((loads.get(arm) ?? []).map(({ p99Ms }) => p99Ms)),
        spread(toGrouped(of(arm))),
      ]),
    ),
  );

  const paced = await measureRounds(
    [pacedArm(() => startOurs(options, ["web"], world))],
    plan.rounds,
    options,
    shownLoad,
  );
  const steady = paced.get("500/s") ?? [];

  const roles: Roles = options.store === "embedded" ? ["all"] : ["web", "worker", "executor"];
  const storm = await runStorm(options, load, roles, { ...plan.storm, fingerprints: 200 });
  options.say(`storm of 200 fingerprints: ${JSON.stringify(storm)}`);
  const distinct = options.quick
    ? null
    : await runStorm(options, load, roles, { ...plan.storm, fingerprints: null });
  if (distinct !== null) options.say(`storm of distinct alerts: ${JSON.stringify(distinct)}`);

  return {
    accepted_per_s: Math.round(median([...ours, ...again])),
    ceiling_one_per_s: Math.round(median(one)),
    ceiling_grouped_per_s: Math.round(median(grouped)),
    ratio: rounded(median(toGrouped(both))),
    noise: rounded(noiseOf(ours.map((rate, round) => [rate, at(again, round)] as const))),
    ratio_draining: rounded(median(toGrouped(drained))),
    draining_per_s: Math.round(median(drained)),
    p50_ms_at_500: rounded(median(steady.map(({ p50Ms }) => p50Ms))),
    p99_ms_at_500: rounded(median(steady.map(({ p99Ms }) => p99Ms))),
    storm: { ...storm, ...(distinct !== null && { distinct }) },
  };

  function arm(armName: string, start: () => Promise<Contender>): Arm<Load> {
    return {
      name: armName,
      measure: () =>
        loaded(start, (url) =>
          load.ask(closedLoop, { mix: mixFor(url), connections, most: 250_000, ...plan.closed }),
        ),
    };
  }

  function pacedArm(start: () => Promise<Contender>): Arm<Load> {
    const perSecond = 500;
    return {
      name: "500/s",
      measure: () =>
        loaded(start, (url) => load.ask(openLoop, { mix: mixFor(url), perSecond, ...plan.open })),
    };
  }
}

async function loaded(start: () => Promise<Contender>, put: (url: string) => Promise<Load>): Promise<Load> {
  await using contender = await start();
  // What a start leaves to be done soon after it is no part of what is measured.
  await delay(300);
  return await put(contender.url);
}

function mixFor(url: string) {
  const services = Array.from({ length: world.services }, (_, index) => `bench-${index}`);
  return { url, secret: sourceSecret, run: "load", services, fingerprints: null, named: false };
}

function shownLoad({ perSecond, p50Ms, p99Ms, others }: Load): string {
  const refused = Object.entries(others).map(([status, count]) => `, ${count} answers of status ${status}`);
  return `${Math.round(perSecond)}/s, p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms${refused.join("")}`;
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new Error("every arm has a value in every round");
  return value;
}
