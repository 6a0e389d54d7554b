import { context, type Span, SpanKind, trace } from "@opentelemetry/api";
import { goingOn, traceparentOf } from "../../watch/carried.ts";
import { markFailed } from "../../watch/in-span.ts";
import type { ClaimedDelivery, FollowUp } from "../ports/storage.ts";

/** Gives a follow-up the trace of the delivery that it is of. */
export type Traces = (followUp: FollowUp) => FollowUp;

const tracer = trace.getTracer("signalman");

/**
 * Deliveries that are taken in together share one commit, and yet each is a span of its own trace: what follows from
 * one of them goes on with that. Outside calls meanwhile are shown in the first one's.
 */
export async function inDeliverySpans<Result>(
  deliveries: readonly ClaimedDelivery[],
  run: (traces: Traces) => Promise<Result>,
): Promise<Result> {
  const spans = new Map(
    deliveries.map((delivery) => [delivery.correlationId, begin(delivery, deliveries.length)]),
  );
  const [first] = spans.values();
  const active = first === undefined ? context.active() : trace.setSpan(context.active(), first);
  try {
    return await context.with(active, () =>
      run((followUp) => {
        const traceparent = traceparentOf(spans.get(followUp.correlationId));
        return traceparent === null ? followUp : { ...followUp, traceparent };
      }),
    );
  } catch (error) {
    for (const span of spans.values()) markFailed(span, error);
    throw error;
  } finally {
    for (const span of spans.values()) span.end();
  }
}

function begin(
  { id, correlationId, sourceId, attempts, trace: carried }: ClaimedDelivery,
  together: number,
): Span {
  const { parent, links } = goingOn(carried);
  const attributes = {
    "messaging.system": "signalman",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "intake",
    "messaging.message.id": id,
    "messaging.message.conversation_id": correlationId,
    "messaging.batch.message_count": together,
    "signalman.source": sourceId,
    "signalman.attempt": attempts,
  };
  return tracer.startSpan("process intake", { kind: SpanKind.CONSUMER, attributes, links }, parent);
}
