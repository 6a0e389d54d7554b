export type LatencyProfile = { medianSeconds: number; p95Seconds: number };

export type Draws = {
  /** The next number in (0, 1) of this sequence. */
  next(sequence: string): number;
  happens(sequence: string, probability: number): boolean;
  latencySeconds(sequence: string, profile: LatencyProfile): number;
};

const goldenRatio = 0.618_033_988_749_894_9;

/**
 * Numbers that spread evenly (each sequence steps by the golden ratio) instead of at random: a rate of 4 % shows as
 * 4 % in a window of seconds, and a run of the demo or of a test looks the same every time.
 */
export function createDraws(): Draws {
  const counts = new Map<string, number>();
  function next(sequence: string): number {
    const count = (counts.get(sequence) ?? 0) + 1;
    counts.set(sequence, count);
    return (0.5 + count * goldenRatio) % 1;
  }
  return {
    next,
    happens: (sequence, probability) => next(sequence) < probability,
    latencySeconds: (sequence, profile) => quantile(profile, Math.min(next(sequence), 0.999)),
  };
}

/** Log-logistic: a long tail like real latencies, and a quantile in closed form. 19 are the odds at 95 %. */
function quantile({ medianSeconds, p95Seconds }: LatencyProfile, share: number): number {
  const shape = Math.log(19) / Math.log(p95Seconds / medianSeconds);
  return medianSeconds * (share / (1 - share)) ** (1 / shape);
}
