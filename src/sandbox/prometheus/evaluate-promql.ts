import { combine } from "./combine-vectors.ts";
import { histogramQuantile } from "./histogram-quantile.ts";
import type { Expression, Grouping, Selector } from "./promql-ast.ts";
import { PromqlError } from "./promql-error.ts";
import { overTimeFunctions, rateFunctions } from "./range-functions.ts";
import { labelKey, samplesIn, valueAt, type Labels, type SeriesStore } from "./series-store.ts";
import { withoutName, type Value, type Vector } from "./vector.ts";

/** Computes a parsed, type-checked expression at `at` (Unix milliseconds). @throws PromqlError */
export function evaluatePromql(expression: Expression, store: SeriesStore, at: number): Value {
  switch (expression.kind) {
    case "number":
      return { kind: "scalar", value: expression.value };
    case "selector":
      return { kind: "vector", vector: instantVector(expression, store, at) };
    case "negate": {
      const of = evaluatePromql(expression.of, store, at);
      return of.kind === "scalar"
        ? { kind: "scalar", value: -of.value }
        : mapVector(of.vector, (value) => -value);
    }
    case "aggregate": {
      const of = vectorOf(evaluatePromql(expression.of, store, at));
      return { kind: "vector", vector: aggregate(expression.name, expression.grouping, of) };
    }
    case "binary": {
      const left = evaluatePromql(expression.left, store, at);
      const right = evaluatePromql(expression.right, store, at);
      return combine(expression.operator, expression.returnBool, left, right);
    }
    case "call":
      return call(expression.name, expression.args, store, at);
  }
}

/** Range vectors exist only as arguments and as the result of an instant query. */
export function rangeSamples(selector: Selector, store: SeriesStore, at: number) {
  const to = at - selector.offsetMs;
  const from = to - (selector.rangeMs ?? 0);
  return store.select(selector.matchers).flatMap((series) => {
    const samples = samplesIn(series, from, to);
    return samples.length === 0 ? [] : [{ labels: series.labels, samples, from, to }];
  });
}

function instantVector(selector: Selector, store: SeriesStore, at: number): Vector {
  return store.select(selector.matchers).flatMap((series) => {
    const value = valueAt(series, at - selector.offsetMs);
    return value === undefined ? [] : [{ labels: series.labels, value }];
  });
}

function call(name: string, args: Expression[], store: SeriesStore, at: number): Value {
  const [first, second] = args;
  if (first === undefined) throw new Error(`call to ${name} has no argument`);
  if (first.kind === "selector" && first.rangeMs !== undefined) return overRange(name, first, store, at);

  const one = evaluatePromql(first, store, at);
  const two = second === undefined ? undefined : evaluatePromql(second, store, at);
  switch (name) {
    case "vector":
      return { kind: "vector", vector: [{ labels: {}, value: scalarOf(one) }] };
    case "scalar": {
      const [only, ...more] = vectorOf(one);
      return { kind: "scalar", value: only === undefined || more.length > 0 ? NaN : only.value };
    }
    case "abs":
      return mapVector(vectorOf(one), Math.abs);
    case "clamp_min":
      return mapVector(vectorOf(one), (value) => Math.max(value, scalarOf(two)));
    case "clamp_max":
      return mapVector(vectorOf(one), (value) => Math.min(value, scalarOf(two)));
    case "histogram_quantile":
      return distinct(histogramQuantile(scalarOf(one), vectorOf(two)));
    default:
      throw new Error(`function ${name} is parsed but not computed`);
  }
}

function overRange(name: string, selector: Selector, store: SeriesStore, at: number): Value {
  const rate = rateFunctions[name];
  const overTime = overTimeFunctions[name];
  const vector = rangeSamples(selector, store, at).flatMap(({ labels, samples, from, to }) => {
    const value =
      rate === undefined ? overTime?.(samples.map((sample) => sample.value)) : rate(samples, from, to);
    if (value === undefined) return [];
    return [{ labels: name === "last_over_time" ? labels : withoutName(labels), value }];
  });
  return distinct(vector);
}

function aggregate(name: string, grouping: Grouping, vector: Vector): Vector {
  const groups = new Map<string, { labels: Labels; values: number[] }>();
  for (const { labels, value } of vector) {
    const kept = grouped(labels, grouping);
    const key = labelKey(kept);
    const group = groups.get(key) ?? { labels: kept, values: [] };
    group.values.push(value);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: summarise(name, values) }));
}

function summarise(name: string, values: number[]): number {
  const sum = values.reduce((a, b) => a + b, 0);
  switch (name) {
    case "sum":
      return sum;
    case "avg":
      return sum / values.length;
    case "count":
      return values.length;
    case "max":
      return values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a));
    case "min":
      return values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a));
    default:
      throw new Error(`aggregation ${name} is parsed but not computed`);
  }
}

function grouped(labels: Labels, { mode, labels: named }: Grouping): Labels {
  const keep = (name: string): boolean =>
    mode === "by" ? named.includes(name) : name !== "__name__" && !named.includes(name);
  return Object.fromEntries(Object.entries(labels).filter(([name]) => keep(name)));
}

function mapVector(vector: Vector, change: (value: number) => number): Value {
  return distinct(vector.map(({ labels, value }) => ({ labels: withoutName(labels), value: change(value) })));
}

/** Dropping the metric name may leave two series alike; Prometheus refuses to answer then. */
function distinct(vector: Vector): Value {
  if (new Set(vector.map(({ labels }) => labelKey(labels))).size < vector.length) {
    throw new PromqlError("execution", "vector cannot contain metrics with the same labelset");
  }
  return { kind: "vector", vector };
}

function vectorOf(value: Value | undefined): Vector {
  if (value?.kind !== "vector") throw new Error("the type check let a scalar through where a vector is due");
  return value.vector;
}

function scalarOf(value: Value | undefined): number {
  if (value?.kind !== "scalar") throw new Error("the type check let a vector through where a scalar is due");
  return value.value;
}
