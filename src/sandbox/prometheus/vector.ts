import type { Labels } from "./series-store.ts";

export type VectorSample = { labels: Labels; value: number };
export type Vector = VectorSample[];

/** What an expression is worth at one instant. */
export type Value = { kind: "scalar"; value: number } | { kind: "vector"; vector: Vector };

export function withoutName(labels: Labels): Labels {
  const { __name__: _, ...rest } = labels;
  return rest;
}
