import {
  type Attributes,
  context,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OpsError } from "../domain/ops-error.ts";
import { type Carried, goingOn } from "./carried.ts";

export interface SpanWords {
  kind?: SpanKind;
  /** Names, counts and ids. Never a secret, nor a text that others wrote: whoever reads traces is not asked who may. */
  attributes?: Attributes;
  /** What it goes on with; null begins a trace. Absent: it is a part of the span in which it is called. */
  from?: Carried | null;
}

const tracer = trace.getTracer("signalman");

/** Runs it as a span, and marks the span where it throws. Without a tracing SDK this is a call. */
export function inSpan<Result>(
  name: string,
  { from, ...words }: SpanWords,
  run: (span: Span) => Promise<Result>,
): Promise<Result> {
  const { parent, links } = from === undefined ? { parent: context.active(), links: [] } : goingOn(from);
  return tracer.startActiveSpan(name, { ...words, links }, parent, async (span) => {
    try {
      return await run(span);
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The class of the failure and not its message, which may quote others. */
export function markFailed(span: Span | undefined, error: unknown): void {
  span?.setAttribute("error.type", error instanceof OpsError ? error.code : "bug");
  span?.setStatus({ code: SpanStatusCode.ERROR });
}
