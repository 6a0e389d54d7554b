import type { IncomingMessage, ServerResponse } from "node:http";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { inSpan } from "../../watch/in-span.ts";
import { instrument } from "../../watch/instrument.ts";

const seconds = instrument((meter) =>
  meter.createHistogram("http.server.request.duration", {
    description: "How long the door took to answer a webhook.",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  }),
);

/**
 * A webhook begins a trace, whatever trace its sender says it is part of: nobody knows the sender yet. `source` is one
 * that is declared; null stands for all others, whose words could be anything.
 */
export function watchRequest(
  request: IncomingMessage,
  response: ServerResponse,
  source: string | null,
  answer: () => Promise<void>,
): Promise<void> {
  const method = request.method === "POST" ? "POST" : "_OTHER";
  const route = "/webhooks/{source}";
  const attributes = {
    "http.request.method": method,
    "http.route": route,
    "url.scheme": "http",
    ...(source !== null && { "signalman.source": source }),
  };
  return inSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes, from: null }, async (span) => {
    const startedAt = performance.now();
    await answer();
    const status = response.statusCode;
    span.setAttribute("http.response.status_code", status);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    seconds().record((performance.now() - startedAt) / 1000, {
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
    });
  });
}
