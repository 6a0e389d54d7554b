import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { median, noiseOf, rounded, spread, table } from "./harness/figures.ts";
import { startPart } from "./harness/part.ts";
import { type Measured, openWorks, type Works } from "./harness/works.ts";
import { valueAt } from "./harness/steady-load.ts";

export const name = "scale";
export const summary =
  "alerts taken in and investigated a second by 1, 2 and 4 workers on PostgreSQL and Redis; cost as history grows";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);
const full = { rounds: 3, jobs: 400, costRounds: 5, costJobs: 120, size: 1_000_000 };
const short = { rounds: 1, jobs: 150, costRounds: 2, costJobs: 60, size: 100_000 };
const workers = [1, 2, 4] as const;
const few = 1000;

export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  const size = options.size ?? plan.size;
  await using load = await startPart(loadProcess);

  const arms: Arm<Measured>[] = workers.map((count) => ({
    name: `${count}`,
    async measure() {
      await using works = await openWorks(options, { workers: count, entries: 0 });
      return await works.burst(load, plan.jobs);
    },
  }));
  const bursts = await measureRounds(arms, plan.rounds, options, shown);
  const rates = (count: number) => (bursts.get(`${count}`) ?? []).map(({ perSecond }) => perSecond);
  const toOne = (count: number) =>
    rounded(median(rates(count).map((rate, round) => rate / valueAt(rates(1), round))));

  await using stack = new AsyncDisposableStack();
  const open = async (entries: number): Promise<Works> =>
    stack.use(await openWorks(options, { workers: 1, entries }));
  const histories = { few: await open(few), again: await open(few), many: await open(size) };
  options.say(`filled: ${size} entries`);
  const costs = await measureRounds(
    Object.entries(histories).map(([arm, works]) => ({
      name: arm,
      measure: () => works.burst(load, plan.costJobs),
    })),
    plan.costRounds,
    options,
    shown,
  );
  const cost = (arm: string) => (costs.get(arm) ?? []).map(({ processorMs }) => processorMs);
  const pairs = cost("few").map((ms, round) => [ms, valueAt(cost("again"), round)] as const);
  const ratios = cost("many").map((ms, round) => {
    const [one, other] = pairs[round] ?? [ms, ms];
    return ms / ((one + other) / 2);
  });
  options.say(
    table(
      ["", "jobs/s", "processor ms each"],
      [
        ...workers.map((count) => [
          `${count} workers`,
          spread(rates(count)),
          spread((bursts.get(`${count}`) ?? []).map(({ processorMs }) => processorMs)),
        ]),
        ...Object.keys(histories).map((arm) => [
          arm === "many" ? `${size} entries` : `${few} entries`,
          spread((costs.get(arm) ?? []).map(({ perSecond }) => perSecond)),
          spread(cost(arm)),
        ]),
      ],
    ),
  );
  const all = [...bursts.values(), ...costs.values()].flat();
  return {
    jobs_per_s_1: rounded(median(rates(1))),
    jobs_per_s_2: rounded(median(rates(2))),
    jobs_per_s_4: rounded(median(rates(4))),
    two_to_one: toOne(2),
    four_to_one: toOne(4),
    entries: size,
    cost_ms_few: rounded(median([...cost("few"), ...cost("again")])),
    cost_ms_many: rounded(median(cost("many"))),
    cost_ratio: rounded(median(ratios)),
    noise: rounded(noiseOf(pairs)),
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
  };
}

function shown({ perSecond, processorMs, lost }: Measured): string {
  const missing = lost === 0 ? "" : `, ${lost} lost`;
  return `${rounded(perSecond)} jobs/s, ${rounded(processorMs)} ms of a processor each${missing}`;
}
