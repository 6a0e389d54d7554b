import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { Resource } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { part, type Sending } from "./send.ts";

/** From now on spans are kept and sent. In a storm the oldest wait and what does not fit is dropped, never the work. */
export function sendTraces(
  sending: Sending,
  resource: Resource,
  { share, heedsParent }: { share: number; heedsParent: boolean },
): AsyncDisposable {
  const root = share < 1 ? new TraceIdRatioBasedSampler(share) : new AlwaysOnSampler();
  const provider = new TracerProvider({
    resource,
    sampler: heedsParent ? new ParentBasedSampler({ root }) : root,
    spanLimits: { attributeValueLengthLimit: 200 },
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter(sending), scheduledDelayMillis: 1000 }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    async [Symbol.asyncDispose]() {
      await part(() => provider.shutdown());
      trace.disable();
      context.disable();
    },
  };
}
