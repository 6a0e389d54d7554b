import { openMetricsPort } from "../adapters/http/metrics-page.ts";
import { observeFigures } from "../adapters/otel/observe-figures.ts";
import { observeProcess } from "../adapters/otel/observe-process.ts";
import { startTelemetry, type Telemetry } from "../adapters/otel/start-telemetry.ts";
import type { Config } from "../config/load-config.ts";
import { pairsOf, type Otlp } from "../config/watch.ts";
import type { Figures } from "../pipeline/ports/figures.ts";
import { beginCounting } from "../pipeline/watch-commits.ts";
import type { Shared } from "./shared.ts";

/** First of all: what is made before is seen by nobody. */
export function openTelemetry({ watch, web, role }: Config): Promise<Telemetry> {
  return startTelemetry({
    ...watch,
    role,
    traces: sending(watch.traces),
    metricsPush: sending(watch.metricsPush),
    logs: sending(watch.logs),
    hasPage: (web?.metricsToken ?? null) !== null || watch.metrics.port !== undefined,
  });
}

function sending(otlp: Otlp | null) {
  return otlp === null ? null : { url: otlp.url, headers: pairsOf(otlp.headers.reveal()) };
}

/** Shows how the work and the process do, where somebody looks. `missing`: what Signalman is without. */
export async function openFigures(
  { metricsPage }: Telemetry,
  read: () => Promise<Figures>,
  missing: () => readonly string[],
  { config, log, stack }: Shared,
): Promise<void> {
  const { metrics, metricsPush } = config.watch;
  if (metricsPage === null && metricsPush === null) return;
  stack.use(observeFigures(read, missing));
  stack.use(observeProcess(config.role));
  beginCounting();
  if (metricsPage === null || metrics.port === undefined) return;
  stack.use(await openMetricsPort(metricsPage, { host: metrics.host, port: metrics.port }, log));
}
