import { INVALID_TRACEID, type Link, ROOT_CONTEXT, type Context, type Span, trace } from "@opentelemetry/api";

/** The trace that a row was written in, and how long ago. */
export interface Carried {
  /** As the W3C has it: version, trace, span, flags. */
  traceparent: string;
  ageMs: number;
}

/** What goes on later than this is a trace of its own with a link: few who look at traces can hold one of days. */
const sameTraceMs = 3_600_000;

/** What a row that is written now carries along; null where nobody traces. */
export function traceparentNow(): string | null {
  return traceparentOf(trace.getActiveSpan());
}

export function traceparentOf(span: Span | undefined): string | null {
  const at = span?.spanContext();
  // A span's own context is well formed or that of nobody: to look at each digit again costs each delivery.
  if (at === undefined || at.traceId === INVALID_TRACEID) return null;
  return `00-${at.traceId}-${at.spanId}-${at.traceFlags.toString(16).padStart(2, "0")}`;
}

/** Where the span belongs that goes on with what a row carried: into its trace, or into a new one that points at it. */
export function goingOn(carried: Carried | null): { parent: Context; links: Link[] } {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(carried?.traceparent ?? "") ?? [];
  if (carried === null || traceId === undefined || spanId === undefined || flags === undefined) {
    return { parent: ROOT_CONTEXT, links: [] };
  }
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (carried.ageMs > sameTraceMs) return { parent: ROOT_CONTEXT, links: [{ context }] };
  return { parent: trace.setSpanContext(ROOT_CONTEXT, context), links: [] };
}
