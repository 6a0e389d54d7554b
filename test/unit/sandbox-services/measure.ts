import { runInstantQuery } from "../../../src/sandbox/prometheus/run-query.ts";
import type { SeriesStore } from "../../../src/sandbox/prometheus/series-store.ts";

/** The single value that a catalogue query has at `at` (Unix milliseconds). */
export function measure(store: SeriesStore, query: string, at: number): number {
  const data = runInstantQuery(store, new URLSearchParams({ query, time: String(at / 1_000) }), at);
  if (data.resultType !== "vector" || data.result.length !== 1) {
    throw new Error(`${query} gives ${JSON.stringify(data).slice(0, 200)}, not one value`);
  }
  return Number(data.result[0]?.value[1]);
}
