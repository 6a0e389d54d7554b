import type { Bench, BenchOptions, Figures } from "./bench.ts";
import { type Goal, missedGoals, type Verdict, verdictsOn } from "./goals.ts";

export interface Judged {
  /** Its figures, and before them which bench and which store they are of. */
  result: Readonly<Record<string, string | number | Figures>>;
  /** How the figures stand to the goals, whether or not anybody asked for `check`. */
  verdicts: Verdict[];
  /** What was missed, in words. Empty unless `check`. */
  missed: string[];
}

/** Runs a bench and holds it against its goals. With `--quick` a miss is tried once more: short runs wander. */
export async function runBench(
  bench: Bench,
  options: BenchOptions,
  goals: readonly Goal[],
  check: boolean,
): Promise<Judged> {
  const { quick, store, say } = options;
  for (let tries = 1; ; tries += 1) {
    const figures = await bench.run(options);
    const missed = check ? missedGoals(goals, figures, quick) : [];
    if (missed.length > 0 && quick && tries === 1) {
      say(`Missed, trying once more: ${missed.join("; ")}`);
      continue;
    }
    const verdicts = verdictsOn(goals, figures, quick);
    return { result: { bench: bench.name, store, ...figures }, verdicts, missed };
  }
}
