/** A query for the service catalogue: PromQL that yields one series, its unit and the direction that is bad. */
export type ServiceQuery = { name: string; query: string; unit: "seconds" | "ratio"; bad: "up" };

/** The window of the demo's rates: long enough for a smooth line, short enough to see a recovery in ten seconds. */
export const demoWindow = "10s";

export function p95Query(name: string, histogram: string, service: string, window: string): ServiceQuery {
  const rate = `rate(${histogram}_bucket{service="${service}"}[${window}])`;
  return { name, query: `histogram_quantile(0.95, sum by (le) (${rate}))`, unit: "seconds", bad: "up" };
}

/** The share that `part` has in `whole`, both counters. */
export function ratioQuery(name: string, part: string, whole: string, window: string): ServiceQuery {
  const query = `sum(rate(${part}[${window}])) / sum(rate(${whole}[${window}]))`;
  return { name, query, unit: "ratio", bad: "up" };
}
