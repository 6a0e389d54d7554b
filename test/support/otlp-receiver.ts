import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { z } from "zod";

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const Nanos = z.string().regex(/^[0-9]{19}$/);
const Count = z.union([z.int().nonnegative(), z.string().regex(/^[0-9]+$/)]);

const Value: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
    z.strictObject({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
    z
      .strictObject({ intValue: z.union([z.int(), z.string()]) })
      .transform(({ intValue }) => Number(intValue)),
    z.strictObject({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
    z
      .strictObject({ arrayValue: z.strictObject({ values: z.array(Value) }) })
      .transform(({ arrayValue }) => arrayValue.values),
  ]),
);
const Attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: Value }))
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])));

const Scope = z.strictObject({ name: z.string().min(1), version: z.string().optional() });
const Resource = z.strictObject({ attributes: Attributes, droppedAttributesCount: Count.optional() });

const Span = z.strictObject({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: hex(16).optional(),
  traceState: z.string().optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: Nanos,
  endTimeUnixNano: Nanos,
  attributes: Attributes,
  droppedAttributesCount: Count,
  events: z.array(
    z.strictObject({
      name: z.string().min(1),
      timeUnixNano: Nanos,
      attributes: Attributes,
      droppedAttributesCount: Count,
    }),
  ),
  droppedEventsCount: Count,
  status: z.strictObject({ code: z.int().min(0).max(2), message: z.string().optional() }),
  links: z.array(
    z.strictObject({
      traceId: hex(32),
      spanId: hex(16),
      traceState: z.string().optional(),
      attributes: Attributes,
      droppedAttributesCount: Count,
      flags: z.int().optional(),
    }),
  ),
  droppedLinksCount: Count,
  flags: z.int().optional(),
});
export type ReceivedSpan = z.infer<typeof Span>;

const LogRecord = z.strictObject({
  timeUnixNano: Nanos,
  observedTimeUnixNano: Nanos,
  severityNumber: z.int().min(1).max(24),
  severityText: z.string(),
  body: Value,
  attributes: Attributes,
  droppedAttributesCount: Count,
  traceId: hex(32).optional(),
  spanId: hex(16).optional(),
  flags: z.int().optional(),
  eventName: z.string().optional(),
});
export type ReceivedLog = z.infer<typeof LogRecord>;

const Metric = z.looseObject({ name: z.string().min(1), description: z.string(), unit: z.string() });

const scoped = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ scope: Scope, schemaUrl: z.string().optional(), ...shape });
const about = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ resource: Resource, schemaUrl: z.string().optional(), ...shape });

const requests = {
  "/v1/traces": z.strictObject({
    resourceSpans: z.array(about({ scopeSpans: z.array(scoped({ spans: z.array(Span) })) })),
  }),
  "/v1/logs": z.strictObject({
    resourceLogs: z.array(about({ scopeLogs: z.array(scoped({ logRecords: z.array(LogRecord) })) })),
  }),
  "/v1/metrics": z.strictObject({
    resourceMetrics: z.array(about({ scopeMetrics: z.array(scoped({ metrics: z.array(Metric) })) })),
  }),
};

export type OtlpReceiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

/**
 * A collector that takes OTLP over HTTP with JSON, and only what the protocol's definition says: an unknown field, an
 * id in another notation or a wrong header is answered with 400 and complained of.
 */
export async function startOtlpReceiver(authorization: string) {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const metrics: string[] = [];
  const services = new Set<unknown>();
  const complaints: string[] = [];

  function take(path: string | undefined, body: unknown): void {
    if (path === "/v1/traces") {
      for (const { resource, scopeSpans } of requests[path].parse(body).resourceSpans) {
        services.add(resource.attributes["service.name"]);
        spans.push(...scopeSpans.flatMap((each) => each.spans));
      }
    } else if (path === "/v1/logs") {
      for (const { scopeLogs } of requests[path].parse(body).resourceLogs) {
        logs.push(...scopeLogs.flatMap(({ logRecords }) => logRecords));
      }
    } else if (path === "/v1/metrics") {
      for (const { scopeMetrics } of requests[path].parse(body).resourceMetrics) {
        metrics.push(...scopeMetrics.flatMap((each) => each.metrics.map(({ name }) => name)));
      }
    } else throw new Error(`there is no ${path}`);
  }

  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const text = await textOf(request);
      if (request.method !== "POST") throw new Error(`${request.method} is no POST`);
      if (request.headers["content-type"] !== "application/json") throw new Error("it is not sent as JSON");
      if (request.headers.authorization !== authorization) throw new Error("it does not prove itself");
      take(request.url, JSON.parse(text));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    };
    answer().catch((error: unknown) => {
      complaints.push(String(error));
      response.writeHead(400).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    logs,
    metrics,
    services,
    complaints,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString("utf8");
}
