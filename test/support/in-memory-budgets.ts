import type { Budgets } from "../../src/pipeline/ports/storage.ts";
import type { Clock } from "./in-memory-store.ts";

/** A sum a second, as in the real one: a second counts for as long as any part of it lies in the window. */
export function inMemoryBudgets(clock: Clock): Budgets {
  const sums = new Map<string, Map<number, number>>();
  const spent = (name: string, windowMs: number): number => {
    const since = Date.parse(clock.now()) - windowMs - 1000;
    return [...(sums.get(name) ?? [])].reduce((sum, [at, amount]) => (at > since ? sum + amount : sum), 0);
  };
  const spend = (name: string, amount: number): void => {
    const seconds = sums.get(name) ?? new Map<number, number>();
    const second = Math.floor(Date.parse(clock.now()) / 1000) * 1000;
    seconds.set(second, (seconds.get(second) ?? 0) + amount);
    sums.set(name, seconds);
  };
  return {
    async take(name, amount, limit, windowMs) {
      if (spent(name, windowMs) + amount > limit) return false;
      spend(name, amount);
      return true;
    },
    add: async (name, amount) => spend(name, amount),
    spent: async (name, windowMs) => spent(name, windowMs),
  };
}
