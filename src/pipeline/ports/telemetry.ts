import type { Instant } from "../../domain/ids.ts";

export interface Series {
  labels: Record<string, string>;
  /** [epoch milliseconds, value], ascending; NaN and infinite samples are left out. */
  points: [number, number][];
}

/** Read-only metrics. Throws `OpsError` when they cannot be had; no series is an empty list. */
export interface Telemetry {
  range(promql: string, from: Instant, to: Instant, stepMs: number): Promise<Series[]>;
}
