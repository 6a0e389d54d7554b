import type { Bench, BenchOptions } from "./bench.ts";
import { table } from "./figures.ts";
import { type Goal, limit, type Verdict } from "./goals.ts";
import { runBench } from "./run-bench.ts";

/** How one bench of many ended. */
export interface Ended {
  bench: string;
  seconds: number;
  verdicts: Verdict[];
  /** Null where it gave no figures. */
  result: Readonly<Record<string, unknown>> | null;
  /** Why it gave none; null where it did. */
  failure: string | null;
}

/** Runs benches one after the other. One that fails is told of and leaves the others their turn. */
export async function runAll(
  benches: readonly Bench[],
  options: BenchOptions,
  goals: Readonly<Record<string, readonly Goal[]>>,
  check: boolean,
  /** Hears of each as it ends: a run that is broken off has told something. */
  onEnd: (ended: Ended) => void = () => undefined,
): Promise<Ended[]> {
  const all: Ended[] = [];
  for (const bench of benches) {
    options.say(`\n${bench.name}: ${bench.summary}`);
    const startedAt = performance.now();
    const ended: Ended = { bench: bench.name, seconds: 0, verdicts: [], result: null, failure: null };
    try {
      const { result, verdicts } = await runBench(bench, options, goals[bench.name] ?? [], check);
      Object.assign(ended, { result, verdicts });
    } catch (error) {
      ended.failure = error instanceof Error ? error.message : String(error);
      options.say(`${bench.name} failed: ${ended.failure}`);
    }
    ended.seconds = Math.round((performance.now() - startedAt) / 1000);
    all.push(ended);
    onEnd(ended);
  }
  return all;
}

/** Every goal of every bench, and how long each took. */
export function tableOfGoals(ended: readonly Ended[]): string {
  return table(
    ["bench", "figure", "goal", "measured", "", "took"],
    ended.flatMap(({ bench, seconds, verdicts, failure }) => {
      const took = `${seconds} s`;
      if (failure !== null) return [[bench, "", "", "", `failed: ${failure.split("\n")[0] ?? ""}`, took]];
      if (verdicts.length === 0) return [[bench, "", "none", "", "", took]];
      return verdicts.map(({ figure, goal, measured, met }, at) => [
        at === 0 ? bench : "",
        figure,
        goal,
        measured === null ? "missing" : limit(measured),
        met ? "met" : "missed",
        at === 0 ? took : "",
      ]);
    }),
  );
}

/** In one line: how many goals were met, and of which benches there are no figures. */
export function summaryOf(ended: readonly Ended[]): string {
  const verdicts = ended.flatMap((each) => each.verdicts);
  const met = verdicts.filter((verdict) => verdict.met).length;
  const failed = ended.filter(({ failure }) => failure !== null).map(({ bench }) => bench);
  const seconds = ended.reduce((sum, each) => sum + each.seconds, 0);
  const without = failed.length === 0 ? "" : `, failed: ${failed.join(", ")}`;
  return `bench: ${ended.length} benches, ${verdicts.length} goals, ${met} met, ${verdicts.length - met} missed${without}; ${seconds} s`;
}

export function isAllMet(ended: readonly Ended[]): boolean {
  return ended.every(({ failure, verdicts }) => failure === null && verdicts.every(({ met }) => met));
}
