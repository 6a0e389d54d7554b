import type { Sending } from "./send.ts";

export interface TelemetryOptions {
  serviceName: string;
  role: string;
  /** More of OTEL_RESOURCE_ATTRIBUTES. */
  resource: Record<string, string>;
  traces: Sending | null;
  metricsPush: Sending | null;
  logs: Sending | null;
  sampler: { share: number; heedsParent: boolean };
  /** Whether metrics are to be read as a page. */
  hasPage: boolean;
}

export interface Telemetry extends AsyncDisposable {
  /** The page of /metrics; null where nobody wants one. */
  metricsPage: (() => Promise<string>) | null;
}

/**
 * Makes spans, metrics and log lines go where the settings say. Without any such setting nothing is loaded: the calls
 * in the code are then empty ones of `@opentelemetry/api`.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { traces, metricsPush, logs, hasPage } = options;
  if (traces === null && metricsPush === null && logs === null && !hasPage) {
    return { metricsPage: null, [Symbol.asyncDispose]: async () => undefined };
  }
  const [{ resourceOf }, ...parts] = await Promise.all([
    import("./resource-of.ts"),
    traces === null ? null : import("./send-traces.ts"),
    metricsPush === null && !hasPage ? null : import("./send-metrics.ts"),
    logs === null ? null : import("./send-logs.ts"),
  ]);
  const resource = resourceOf(options);
  await using stack = new AsyncDisposableStack();
  const [tracing, measuring, logging] = parts;
  if (tracing !== null && traces !== null) stack.use(tracing.sendTraces(traces, resource, options.sampler));
  const metrics =
    measuring === null ? null : stack.use(measuring.sendMetrics(metricsPush, resource, hasPage));
  if (logging !== null && logs !== null) stack.use(logging.sendLogs(logs, resource));
  const owned = stack.move();
  return { metricsPage: metrics?.page ?? null, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
