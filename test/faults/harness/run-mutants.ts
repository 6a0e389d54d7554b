import { runCampaign } from "./campaign.ts";
import type { Mutant } from "../mutants.ts";
import type { Trial } from "./trial.ts";

export interface MutantResult {
  mutant: Mutant;
  caught: boolean;
  /** What the trial said, of the mutant. */
  how: string;
  tookMs: number;
}

export interface MutantsOptions {
  mutants: readonly Mutant[];
  trials: readonly Trial[];
  seed: number;
  /** The campaign has just tried these trials without a mutant: they are not tried so once more. */
  quick: boolean;
  say: (line: string) => void;
}

const atOnce = 4;

/**
 * Plants each mutant and runs the trial that must catch it, on the embedded database. Before that the same trials run
 * without any: one that finds fault with Signalman as it is proves nothing about a mutant.
 */
export async function runMutants(options: MutantsOptions): Promise<MutantResult[]> {
  const { mutants, trials, seed, quick, say } = options;
  const needed = trials
    .filter(({ name }) => mutants.some(({ caughtBy }) => caughtBy === name))
    .map((trial): Trial => ({ ...trial, times: { quick: 1, full: 1 } }));
  const quiet = { stores: ["embedded"] as const, seed, full: false, say: () => undefined };
  if (!quick) {
    const plain = await runCampaign({ ...quiet, trials: needed, lanes: atOnce });
    if (plain.counterExample !== null) {
      const { trial, what } = plain.counterExample;
      throw new Error(`"${trial}" finds fault without any mutant: ${what.join("; ")}`);
    }
    say(`${needed.length} trials pass without a mutant`);
  }

  const results: MutantResult[] = [];
  const waiting = [...mutants];
  const worker = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const { name, caughtBy, patches, says } = mutant;
      const own = needed.filter((trial) => trial.name === caughtBy);
      if (own.length !== 1)
        throw new Error(`the mutant "${name}" is to be caught by "${caughtBy}", which is no trial`);
      const { counterExample, tookMs } = await runCampaign({ ...quiet, trials: own, patches, lanes: 1 });
      const how =
        counterExample?.what.find((line) => says.test(line)) ??
        counterExample?.what[0] ??
        "nothing was found";
      const caught = says.test(how);
      results.push({ mutant, caught, how, tookMs });
      say(
        `${name}: ${caught ? "caught" : "NOT CAUGHT"}, ${(tookMs / 1000).toFixed(1)} s: ${how.slice(0, 200)}`,
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return mutants.flatMap((mutant) => results.find((result) => result.mutant === mutant) ?? []);
}

/** A table, and the line that ends the output. */
export function mutantLines(results: readonly MutantResult[]): string[] {
  const rows = results.map(({ mutant, caught, how, tookMs }) => [
    mutant.name,
    mutant.breaks,
    mutant.caughtBy,
    `${(tookMs / 1000).toFixed(1)} s`,
    caught ? how.slice(0, 90) : `NOT CAUGHT: ${how.slice(0, 400)}`,
  ]);
  const all = [["mutant", "breaks", "caught by", "took", "how"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return [
    ...all.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
    "",
    `mutants: ${results.length} planted, ${results.filter(({ caught }) => caught).length} caught`,
  ];
}
