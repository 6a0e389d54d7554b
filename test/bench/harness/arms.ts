import type { BenchOptions } from "./bench.ts";

/** One thing that is measured beside others. Each `measure` starts from nothing: processes and database are fresh. */
export interface Arm<Measured> {
  name: string;
  measure(): Promise<Measured>;
}

/**
 * Measures every arm once a round, in an order drawn anew for each round, so that what the machine does meanwhile
 * falls on all of them alike. The answer has, for each arm, one value a round.
 */
export async function measureRounds<Measured>(
  arms: readonly Arm<Measured>[],
  rounds: number,
  { seed, say }: Pick<BenchOptions, "seed" | "say">,
  show: (measured: Measured) => string,
): Promise<Map<string, Measured[]>> {
  const random = randomFrom(seed);
  const measured = new Map<string, Measured[]>(arms.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const arm of shuffled(arms, random)) {
      const value = await arm.measure();
      measured.get(arm.name)?.push(value);
      say(`round ${round} of ${rounds}  ${arm.name}: ${show(value)}`);
    }
  }
  return measured;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Numbers of 0..1 that depend on the seed alone (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
