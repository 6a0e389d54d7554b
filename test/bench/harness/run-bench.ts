import type { Bench, BenchOptions, Figures } from "./bench.ts";
import { missedGoals } from "./goals.ts";

export interface Judged {
  /** Its figures, and before them which bench and which store they are of. */
  result: Readonly<Record<string, string | number | Figures>>;
  /** What was missed, in words. Empty unless `check`. */
  missed: string[];
}

type Goals = Parameters<typeof missedGoals>[0];

/** Runs a bench and holds it against its goals. With `--quick` a miss is tried once more: short runs wander. */
export async function runBench(
  bench: Bench,
  options: BenchOptions,
  goals: Goals,
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
    return { result: { bench: bench.name, store, ...figures }, missed };
  }
}
