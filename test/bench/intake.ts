import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { type Contender, type Roles, startBare, startOurs } from "./harness/contenders.ts";
import { median, noiseOf, rounded, spread, table } from "./harness/figures.ts";
import { closedLoop, type Load, openLoop } from "./harness/load.ts";
import { startPart } from "./harness/part.ts";
import { loaded, mixFor, plainWorld, shownLoad, valueAt } from "./harness/steady-load.ts";
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

export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  await using load = await startPart(loadProcess);
  // Draining beside it is another process wherever the database is a server; the default is one process for all.
  const draining: Roles = options.store === "embedded" ? ["all"] : ["web", "worker"];

  const arms = [
    arm("one by one", () => startBare(options, { grouped: false })),
    arm("grouped", () => startBare(options, { grouped: true })),
    arm("ours", () => startOurs(options, ["web"], plainWorld)),
    arm("ours again", () => startOurs(options, ["web"], plainWorld)),
    arm("ours, draining", () => startOurs(options, draining, plainWorld)),
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
  const both = ours.map((rate, round) => (rate + valueAt(again, round)) / 2);
  const toGrouped = (rates: readonly number[]) => rates.map((rate, round) => rate / valueAt(grouped, round));
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
    [pacedArm(() => startOurs(options, ["web"], plainWorld))],
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
    noise: rounded(noiseOf(ours.map((rate, round) => [rate, valueAt(again, round)] as const))),
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
