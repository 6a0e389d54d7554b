import { evaluatePromql, rangeSamples } from "./evaluate-promql.ts";
import { parsePromql } from "./parse-promql.ts";
import type { Expression } from "./promql-ast.ts";
import { PromqlError } from "./promql-error.ts";
import { invalid, readRange, readTime } from "./read-query.ts";
import { labelKey, type Labels, type SeriesStore } from "./series-store.ts";

type Point = [seconds: number, value: string];

/** `data` of an answer, as documented in Prometheus' HTTP API. */
export type QueryData =
  | { resultType: "vector"; result: { metric: Labels; value: Point }[] }
  | { resultType: "matrix"; result: { metric: Labels; values: Point[] }[] }
  | { resultType: "scalar"; result: Point };

/** `GET|POST /api/v1/query`. @throws PromqlError */
export function runInstantQuery(store: SeriesStore, params: URLSearchParams, now: number): QueryData {
  const at = readTime("time", params.get("time"), now);
  const expression = readExpression(params);
  if (expression.kind === "selector" && expression.rangeMs !== undefined) {
    const result = rangeSamples(expression, store, at).map(({ labels, samples }) => ({
      metric: labels,
      values: samples.map(({ time, value }) => point(time, value)),
    }));
    return { resultType: "matrix", result: sorted(result) };
  }
  const value = evaluatePromql(expression, store, at);
  if (value.kind === "scalar") return { resultType: "scalar", result: point(at, value.value) };
  return {
    resultType: "vector",
    result: value.vector.map((sample) => ({ metric: sample.labels, value: point(at, sample.value) })),
  };
}

/** `GET|POST /api/v1/query_range`: the expression at every step; always a matrix. @throws PromqlError */
export function runRangeQuery(store: SeriesStore, params: URLSearchParams): QueryData {
  const { start, end, step } = readRange(params);
  const expression = readExpression(params);
  if (expression.kind === "selector" && expression.rangeMs !== undefined) {
    throw invalid(
      "query",
      'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    );
  }
  const series = new Map<string, { metric: Labels; values: Point[] }>();
  for (let at = start; at <= end; at += step) {
    const value = evaluatePromql(expression, store, at);
    const vector = value.kind === "scalar" ? [{ labels: {}, value: value.value }] : value.vector;
    for (const sample of vector) {
      const key = labelKey(sample.labels);
      const entry = series.get(key) ?? { metric: sample.labels, values: [] };
      entry.values.push(point(at, sample.value));
      series.set(key, entry);
    }
  }
  return { resultType: "matrix", result: sorted([...series.values()]) };
}

function readExpression(params: URLSearchParams): Expression {
  try {
    return parsePromql(params.get("query") ?? "");
  } catch (error) {
    throw error instanceof PromqlError ? invalid("query", error.message) : error;
  }
}

function sorted<T extends { metric: Labels }>(result: T[]): T[] {
  return result.toSorted((a, b) => (labelKey(a.metric) < labelKey(b.metric) ? -1 : 1));
}

/** Prometheus writes times in seconds and values as text, `NaN` and `+Inf` included. */
function point(at: number, value: number): Point {
  return [at / 1_000, value === Infinity ? "+Inf" : String(value)];
}
