/** How many wrong tokens are looked at in a minute: of one address, and of everybody. */
const windowMs = 60_000;
const mostOfOne = 5;
const mostOfAll = 60;

export interface Attempts {
  /** Seconds to wait before this address may try again; 0: now. */
  waitSeconds(address: string): number;
  failed(address: string): void;
}

/** Counts failures minute by minute and forgets them with it, so that it never holds more than a minute's. */
export function createAttempts(now: () => number): Attempts {
  let startedAt = now();
  let all = 0;
  const ofOne = new Map<string, number>();
  const turn = (): void => {
    if (now() - startedAt < windowMs) return;
    startedAt = now();
    all = 0;
    ofOne.clear();
  };
  return {
    waitSeconds(address) {
      turn();
      const over = all >= mostOfAll || (ofOne.get(address) ?? 0) >= mostOfOne;
      return over ? Math.max(1, Math.ceil((startedAt + windowMs - now()) / 1000)) : 0;
    },
    failed(address) {
      turn();
      all += 1;
      ofOne.set(address, (ofOne.get(address) ?? 0) + 1);
    },
  };
}
