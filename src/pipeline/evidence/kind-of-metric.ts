import type { EvidenceOf } from "../../domain/evidence/evidence.ts";
import { ceilingOf } from "./compare-series.ts";

type Metric = EvidenceOf<"metric">;

/** What a share is a share of; null for other metrics. A ratio without a unit is known by its values. */
export function wholeOf({ unit, before, after }: Pick<Metric, "unit" | "before" | "after">): number | null {
  if (unit !== "") return ceilingOf(unit);
  return Math.max(before.max ?? Infinity, after.max ?? Infinity) <= 1 ? 1 : null;
}

/** 0.95 for a query that is called p95, as in `latency_p95`; null for what is no quantile. */
export function quantileOf({ queryId }: Pick<Metric, "queryId">): number | null {
  const found = /(?:^|[_-])p(\d{2,3})(?:$|[_-])/.exec(queryId)?.[1];
  return found === undefined ? null : Number(`0.${found}`);
}

/** Of metrics that may be held against each other. A ratio often goes without a unit. */
export function kindOf(unit: string): string {
  return unit === "" ? "ratio" : unit;
}
