import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks again until `probe` answers something truthy, and gives that. Rejects after `timeoutMs` with what was waited
 * for and, in `seen`, how things stood instead.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  { timeoutMs = 15_000, everyMs = 40, seen = () => "" }: UntilOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}. ${seen()}`.trim());
    await delay(everyMs);
  }
}

export interface UntilOptions {
  timeoutMs?: number;
  everyMs?: number;
  seen?: () => string;
}
