import { trace } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { goingOn, traceparentOf } from "../../../src/watch/carried.ts";

const context = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const hour = 3_600_000;

it("is written as the W3C has it", () => {
  expect(traceparentOf(trace.wrapSpanContext(context))).toBe(traceparent);
  expect(traceparentOf(trace.wrapSpanContext({ ...context, traceFlags: 0 }))).toMatch(/-00$/);
  expect(traceparentOf(undefined)).toBeNull();
  expect(traceparentOf(trace.wrapSpanContext({ ...context, traceId: "0".repeat(32) }))).toBeNull();
});

it("goes on in the same trace within an hour, and later in a new one that points at it", () => {
  const soon = goingOn({ traceparent, ageMs: hour });
  expect(trace.getSpanContext(soon.parent)).toEqual({ ...context, isRemote: true });
  expect(soon.links).toEqual([]);
  const later = goingOn({ traceparent, ageMs: hour + 1 });
  expect(trace.getSpanContext(later.parent)).toBeUndefined();
  expect(later.links).toEqual([{ context: { ...context, isRemote: true } }]);
});

it.each([null, "", "00-xyz", `${traceparent}-more`, traceparent.toUpperCase()])(
  "begins anew with %s",
  (text) => {
    const { parent, links } = goingOn(text === null ? null : { traceparent: text, ageMs: 0 });
    expect(trace.getSpanContext(parent)).toBeUndefined();
    expect(links).toEqual([]);
  },
);
