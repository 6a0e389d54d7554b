/** Takes one token; 0, or how many milliseconds until there is one again. */
export type TokenBucket = () => number;

/**
 * A full bucket of `burst` tokens that `perSecond` more drop into. `monotonic` gives milliseconds and never goes back,
 * whatever happens to the clock on the wall.
 */
export function tokenBucket(
  { perSecond, burst }: { perSecond: number; burst: number },
  monotonic: () => number,
): TokenBucket {
  let tokens = burst;
  let countedAt = monotonic();
  return () => {
    const now = monotonic();
    tokens = Math.min(burst, tokens + ((now - countedAt) * perSecond) / 1000);
    countedAt = now;
    if (tokens < 1) return Math.max(1, ((1 - tokens) * 1000) / perSecond);
    tokens -= 1;
    return 0;
  };
}
