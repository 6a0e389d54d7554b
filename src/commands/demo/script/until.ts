import { setTimeout as delay } from "node:timers/promises";
import { Unexpected } from "./steps.ts";

const everyMs = 100;

/**
 * Asks `probe` again and again until it answers without `Unexpected`, for at most `withinMs`; then its last
 * complaint is thrown.
 */
export async function until<T>(withinMs: number, probe: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (!(error instanceof Unexpected)) throw error;
      if (performance.now() > deadline) {
        throw new Unexpected(`${error.message} (waited ${withinMs / 1000} s)`, error.more);
      }
    }
    await delay(everyMs);
  }
}

/** What an earlier step should have left; without it a later one need not wait. */
export function needed<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Unexpected(`not tried: there is no ${what}`);
  return value;
}
