import { type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { inSpan } from "./in-span.ts";

/** A request to another system. `template` is its path with names for what differs: never the path itself. */
export interface OutgoingRequest {
  method: string;
  server: string;
  template: string;
}

/** Runs one HTTP request as a span; what it answers says the status, where there is one. */
export function inRequest<Answer>(
  { method, server, template }: OutgoingRequest,
  ask: (span: Span) => Promise<Answer>,
  statusOf: (answer: Answer) => number | null = () => null,
): Promise<Answer> {
  const { hostname, port } = URL.parse(server) ?? { hostname: "unknown", port: "" };
  const attributes = {
    "http.request.method": method,
    "url.template": template,
    "server.address": hostname,
    ...(port !== "" && { "server.port": Number(port) }),
  };
  return inSpan(`${method} ${template}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const answer = await ask(span);
    const status = statusOf(answer);
    if (status !== null) span.setAttribute("http.response.status_code", status);
    if (status !== null && status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    return answer;
  });
}
