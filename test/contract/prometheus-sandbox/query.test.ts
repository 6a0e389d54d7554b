import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  createPrometheusSandbox,
  type PrometheusSandbox,
} from "../../../src/sandbox/prometheus/prometheus-sandbox.ts";

const minute = 60_000;
let prometheus: PrometheusSandbox;

/** Loads a series in Prometheus' own test notation: one sample every five minutes from time 0. */
function load(name: string, labels: Record<string, string>, values: number[]): void {
  for (const [index, value] of values.entries())
    prometheus.store.append(name, labels, value, index * 5 * minute);
}
const ramp = (step: number, count: number): number[] =>
  Array.from({ length: count + 1 }, (_, index) => index * step);

beforeAll(async () => {
  prometheus = await createPrometheusSandbox();
  load("http_requests", { path: "/foo" }, ramp(10, 10));
  load("http_requests", { path: "/bar" }, [...ramp(10, 5), ...ramp(10, 5)]);
  for (const [le, step] of Object.entries({ "0.1": 5, ".2": 7, "1e0": 11, "+Inf": 12 })) {
    load("testhistogram_bucket", { le, start: "positive" }, ramp(step, 10));
  }
  for (const [le, step] of Object.entries({ "-.2": 1, "-0.1": 2, "0.3": 2, "+Inf": 3 })) {
    load("testhistogram_bucket", { le, start: "negative" }, ramp(step, 10));
  }
  load("up", { instance: "a", job: "x" }, ramp(1, 10));
  load("up", { instance: "b", job: "x" }, ramp(3, 10));
  load("load", { instance: "a" }, ramp(2, 10));
});
afterAll(() => prometheus[Symbol.asyncDispose]());

const Answer = z.object({
  status: z.string(),
  data: z.object({ resultType: z.string(), result: z.array(z.unknown()) }).optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
});
type Answer = z.infer<typeof Answer>;

const Vector = z.array(
  z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
);

async function ask(
  path: string,
  params: Record<string, string>,
  method = "GET",
): Promise<{ status: number; body: Answer }> {
  const form = new URLSearchParams(params);
  const response =
    method === "GET"
      ? await fetch(`${prometheus.url}/api/v1/${path}?${form.toString()}`)
      : await fetch(`${prometheus.url}/api/v1/${path}`, { method, body: form });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, body: Answer.parse(await response.json()) };
}

/** Values at minute 50, by one label. */
async function valuesAt50(query: string, label: string): Promise<Record<string, number>> {
  const { status, body } = await ask("query", { query, time: "3000" });
  expect(body.error).toBeUndefined();
  expect(status).toBe(200);
  const result = Vector.parse(body.data?.result);
  return Object.fromEntries(result.map(({ metric, value }) => [metric[label] ?? "", Number(value[1])]));
}

describe("figures of Prometheus' own test files", () => {
  test.each([
    [0, -0.2, 0],
    [0.2, -0.2, 0.048],
    [0.5, -0.15, 0.15],
    [0.8, 0.3, 0.72],
    [1, 0.3, 1],
  ])("histogram_quantile(%d) is %d and %d", async (quantile, negative, positive) => {
    const values = await valuesAt50(`histogram_quantile(${quantile}, testhistogram_bucket)`, "start");
    expect(values["negative"]).toBeCloseTo(negative, 9);
    expect(values["positive"]).toBeCloseTo(positive, 9);
  });

  test("increase and rate extrapolate and see counter resets", async () => {
    const grown = await valuesAt50("increase(http_requests[50m])", "path");
    expect(grown["/foo"]).toBeCloseTo(100, 9);
    expect(grown["/bar"]).toBeCloseTo(88.888_888_888_9, 9);
    const rate = await valuesAt50("rate(http_requests[50m])", "path");
    expect(rate["/foo"]).toBeCloseTo(100 / 3_000, 12);
  });
});

describe("expressions", () => {
  test.each([
    ['up{instance="a"}', { a: 10 }],
    ['up{instance!="a"}', { b: 30 }],
    ['up{instance=~"a|z"}', { a: 10 }],
    ['{__name__="up",instance!~"a.*"}', { b: 30 }],
    ["up offset 5m", { a: 9, b: 27 }],
    ["up > 15", { b: 30 }],
    ["up > bool 15", { a: 0, b: 1 }],
    ["up unless load", { a: 10, b: 30 }],
    ["sum by (instance) (up) / load", { a: 0.5 }],
    ["sum by (instance) (up) and load", { a: 10 }],
    ["-up + 2 ^ 3 ^ 0 * 2", { a: -6, b: -26 }],
    ["avg_over_time(up[10m])", { a: 9.5, b: 28.5 }],
    ["min_over_time(up[15m]) ", { a: 8, b: 24 }],
    ["max_over_time(up[15m])", { a: 10, b: 30 }],
    ["sum_over_time(up[10m])", { a: 19, b: 57 }],
    ["count_over_time(up[10m])", { a: 2, b: 2 }],
    ["last_over_time(up[1h]) # a comment", { a: 10, b: 30 }],
  ])("%s", async (query, expected) => {
    expect(await valuesAt50(query, "instance")).toEqual(expected);
  });

  test.each([
    ["sum(up)", 40],
    ["avg without (instance, job) (up)", 20],
    ["max(up)", 30],
    ["min(up)", 10],
    ["count(up)", 2],
    ["sum(rate(nothing[5m])) or vector(0)", 0],
    ["scalar(sum(up)) * vector(2)", 80],
  ])("%s is one series without labels", async (query, expected) => {
    expect(await valuesAt50(query, "none")).toEqual({ "": expected });
  });

  test("a scalar, a range and a form body", async () => {
    expect((await ask("query", { query: "1 / 0", time: "7.5" }, "POST")).body.data).toEqual({
      resultType: "scalar",
      result: [7.5, "+Inf"],
    });
    const range = await ask("query", { query: 'up{instance="a"}[10m]', time: "1970-01-01T00:50:00Z" });
    expect(range.body.data).toEqual({
      resultType: "matrix",
      result: [
        {
          metric: { __name__: "up", instance: "a", job: "x" },
          values: [
            [2_700, "9"],
            [3_000, "10"],
          ],
        },
      ],
    });
  });

  test("a value is looked up for five minutes, or until its series goes stale", async () => {
    expect(await valuesAt50("up", "instance")).toEqual({ a: 10, b: 30 });
    const later = await ask("query", { query: "up", time: "3300" });
    expect(later.body.data?.result).toEqual([]);
    prometheus.store.append("deployment", { version: "1" }, 1, 1_000);
    prometheus.store.markStale("deployment", { version: "1" }, 2_000);
    expect((await ask("query", { query: "deployment", time: "1.5" })).body.data?.result).toHaveLength(1);
    expect((await ask("query", { query: "deployment", time: "2" })).body.data?.result).toEqual([]);
  });

  test("a range query walks from start to end by step", async () => {
    const { body } = await ask("query_range", { query: "sum(up)", start: "2400", end: "3060", step: "5m" });
    expect(body.data).toEqual({
      resultType: "matrix",
      result: [
        {
          metric: {},
          values: [
            [2_400, "32"],
            [2_700, "36"],
            [3_000, "40"],
          ],
        },
      ],
    });
  });
});

describe("what Prometheus refuses", () => {
  test.each([
    ["", "1:1: parse error: no expression found in input"],
    ["sum(up", "1:7: parse error: unclosed left parenthesis"],
    ["up{", "1:4: parse error: unexpected end of input inside braces"],
    ["up up", '1:4: parse error: unexpected identifier "up"'],
    ["up\n~", "2:1: parse error: unexpected character: '~'"],
    ["{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"],
    ["nosuch(up)", '1:1: parse error: unknown function with name "nosuch"'],
    ['up{a=~"("}', "error parsing regexp"],
    ['up{a=~"(?=x)"}', "invalid or unsupported Perl syntax"],
    ["rate(up)", 'expected type range vector in call to function "rate", got instant vector'],
    ["rate(up[5m], 1)", 'expected 1 argument(s) in call to "rate", got 2'],
    ["1 > 2", "comparisons between scalars must use BOOL modifier"],
    ["up[5m] + 1", "binary expression must contain only scalar and instant vector types"],
    ["up[5x]", "bad number or duration syntax"],
    ["topk(1, up)", "not supported by this stand-in"],
    ["up / on(instance) load", "not supported by this stand-in"],
    ["up[5m:1m]", "subqueries are not supported by this stand-in"],
  ])("%j", async (query, message) => {
    const { status, body } = await ask("query", { query });
    expect([status, body.status, body.errorType]).toEqual([400, "error", "bad_data"]);
    expect(body.error).toContain('invalid parameter "query": ');
    expect(body.error).toContain(message);
  });

  test.each([
    [{ start: "0", end: "11001", step: "1" }, "exceeded maximum resolution of 11,000 points per timeseries"],
    [{ start: "9", end: "1", step: "1" }, "end timestamp must not be before start time"],
    [{ start: "0", end: "1", step: "0" }, "zero or negative query resolution step widths are not accepted"],
    [{ start: "yesterday", end: "1", step: "1" }, 'cannot parse "yesterday" to a valid timestamp'],
    [{ start: "0", end: "1" }, 'cannot parse "" to a valid duration'],
  ])("range %j", async (range, message) => {
    const { status, body } = await ask("query_range", { query: "up", ...range });
    expect(status).toBe(400);
    expect(body.error).toContain(message);
  });

  test("11,000 points are still answered", async () => {
    expect(
      (await ask("query_range", { query: "vector(1)", start: "0", end: "11000", step: "1" })).status,
    ).toBe(200);
  });

  test.each([
    ["up / testhistogram_bucket * 0 + up", 200],
    ['rate({__name__=~"up|load",instance="a",job=~".*"}[10m]) + load', 200],
    ["load + sum by (instance) (up) * 0 + load", 200],
  ])("%s is computed", async (query, status) => {
    expect((await ask("query", { query, time: "3000" })).status).toBe(status);
  });

  test("two series that end up alike cannot be computed", async () => {
    prometheus.store.append("twin_a", {}, 1, 10);
    prometheus.store.append("twin_b", {}, 1, 10);
    const { status, body } = await ask("query", { query: '-{__name__=~"twin_.*"}', time: "1" });
    expect([status, body.errorType, body.error]).toEqual([
      422,
      "execution",
      "vector cannot contain metrics with the same labelset",
    ]);
    const many = await ask("query", { query: 'vector(1) + {__name__=~"twin_.*"}', time: "1" });
    expect(many.status).toBe(422);
    expect(many.body.error).toContain("many-to-many matching not allowed");
  });
});
