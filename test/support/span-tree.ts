import { z } from "zod";
import type { ReceivedSpan } from "./otlp-receiver.ts";

const text = z.coerce.string();

const told = [
  "signalman.events",
  "signalman.outcome",
  "feature_flag.key",
  "gen_ai.request.model",
  "http.response.status_code",
  "error.type",
];

/** Spans of one trace as people draw them: children under their parents, in the order in which they began. */
export function spanTree(spans: readonly ReceivedSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const under = Map.groupBy(spans, ({ parentSpanId }) =>
    parentSpanId !== undefined && ids.has(parentSpanId) ? parentSpanId : "",
  );
  const draw = (parent: string, indent: string): string[] =>
    (under.get(parent) ?? [])
      .toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1))
      .flatMap((span) => [`${indent}${lineOf(span)}`, ...draw(span.spanId, `${indent}  `)]);
  return draw("", "").join("\n");
}

function lineOf({ name, attributes }: ReceivedSpan): string {
  const words = told.flatMap((key) => {
    const value = z
      .union([text, z.array(text)])
      .optional()
      .parse(attributes[key]);
    return value === undefined ? [] : [[value].flat().join(", ")];
  });
  return words.length === 0 ? name : `${name} · ${words.join(" · ")}`;
}
